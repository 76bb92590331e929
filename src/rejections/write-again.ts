import type { CrudEntryLike } from '../database/database.ts';
import type { LocalSchema, LocalTransaction } from './database.ts';

type SqlValue = string | number | null;

/** A table under the name that the app writes to. */
interface Target {
  readonly sqlName: string;
  readonly columns: ReadonlySet<string>;
}

/** Writes entries again within one local transaction, so that PowerSync queues them again. */
export async function writeAgain(
  transaction: LocalTransaction,
  schema: LocalSchema | undefined,
  entries: readonly CrudEntryLike[],
): Promise<void> {
  for (const [index, entry] of entries.entries()) {
    const target = await targetOf(transaction, schema, entry.table);
    const values = valuesOf(entry, target);
    if (entry.op === 'PUT') await put(transaction, target, entry, values);
    else if (entry.op === 'PATCH') {
      const goesAnyway = entries
        .slice(index + 1)
        .some((later) => later.op === 'DELETE' && sameRow(later, entry));
      await patch(transaction, target, entry, values, goesAnyway);
    } else if (entry.op === 'DELETE') await remove(transaction, target, entry);
    else
      fail(
        `it has the unknown operation ${JSON.stringify(entry.op)}`,
        'edit() can make it a PUT, PATCH or DELETE.',
      );
  }
}

async function put(
  transaction: LocalTransaction,
  { sqlName }: Target,
  entry: CrudEntryLike,
  values: ReadonlyMap<string, SqlValue>,
): Promise<void> {
  const row = new Map([['id', entry.id], ...values, ...metadataOf(entry)]);
  const names = [...row.keys()].map(quoted);
  await transaction.execute(`INSERT OR REPLACE INTO ${sqlName} (${names}) VALUES (${names.map(() => '?')})`, [
    ...row.values(),
  ]);
}

/**
 * PowerSync queues only columns that an UPDATE really changes. Before the rejected values are rolled back, the row
 * still has them, so an UPDATE to the same values would upload nothing. Those columns are queued directly.
 */
async function patch(
  transaction: LocalTransaction,
  { sqlName }: Target,
  entry: CrudEntryLike,
  values: ReadonlyMap<string, SqlValue>,
  goesAnyway: boolean,
): Promise<void> {
  const names = [...values.keys()];
  const compared = names
    .map((name, i) => `${quoted(name)} AS v${i}, ${quoted(name)} IS ? AS same${i}, `)
    .join('');
  const [row] = await transaction.getAll<Record<string, SqlValue>>(
    `SELECT ${compared} 1 FROM ${sqlName} WHERE id = ?`,
    [...values.values(), entry.id],
  );
  if (!row) {
    if (!(goesAnyway && (await awaitsRollback(transaction, entry)))) rowIsGone(entry);
    return queue(transaction, entry, Object.fromEntries(values));
  }
  const same = names.flatMap((name, i) => (row[`same${i}`] ? [[name, row[`v${i}`]]] : []));
  const changed = new Map([...values].filter((_, i) => !row[`same${i}`]));
  if (same.length > 0) await queue(transaction, entry, Object.fromEntries(same));
  if (same.length > 0 && changed.size === 0) return;
  const set = new Map([...(changed.size > 0 ? changed : [['id', entry.id] as const]), ...metadataOf(entry)]);
  await transaction.execute(
    `UPDATE ${sqlName} SET ${[...set.keys()].map((name) => `${quoted(name)} = ?`)} WHERE id = ?`,
    [...set.values(), entry.id],
  );
}

async function remove(
  transaction: LocalTransaction,
  { sqlName }: Target,
  entry: CrudEntryLike,
): Promise<void> {
  const rows = await transaction.getAll(`SELECT 1 FROM ${sqlName} WHERE id = ?`, [entry.id]);
  if (rows.length === 0) {
    // If a rollback is pending, the row is missing because of this DELETE itself.
    if (!(await awaitsRollback(transaction, entry))) rowIsGone(entry);
    await queue(transaction, entry, undefined);
  } else if (entry.metadata === undefined) {
    await transaction.execute(`DELETE FROM ${sqlName} WHERE id = ?`, [entry.id]);
  } else {
    // PowerSync's way to delete with metadata.
    await transaction.execute(`UPDATE ${sqlName} SET _deleted = TRUE, _metadata = ? WHERE id = ?`, [
      entry.metadata,
      entry.id,
    ]);
  }
}

/** Queues an entry without changing the row, through PowerSync's table for this. */
async function queue(
  transaction: LocalTransaction,
  { op, id, table, previousValues, metadata }: CrudEntryLike,
  data: object | undefined,
): Promise<void> {
  const json = (value: object | undefined): string | null => JSON.stringify(value) ?? null;
  await transaction.execute(
    'INSERT INTO powersync_crud (op, id, type, data, old_values, metadata) VALUES (?, ?, ?, ?, ?, ?)',
    [op, id, table, json(data), json(previousValues), metadata ?? null],
  );
}

/** Whether the row has local changes that PowerSync has yet to roll back or confirm with a checkpoint. */
async function awaitsRollback(transaction: LocalTransaction, { table, id }: CrudEntryLike): Promise<boolean> {
  const rows = await transaction.getAll('SELECT 1 FROM ps_updated_rows WHERE row_type = ? AND row_id = ?', [
    table,
    id,
  ]);
  return rows.length > 0;
}

async function targetOf(
  transaction: LocalTransaction,
  schema: LocalSchema | undefined,
  table: string,
): Promise<Target> {
  const viewName = schema?.tables.find(({ name }) => name === table)?.viewName ?? table;
  const columns = await transaction.getAll<{ name: string }>('SELECT name FROM pragma_table_info(?)', [
    viewName,
  ]);
  if (columns.length === 0) {
    fail(`there is no table ${JSON.stringify(table)} any more`, 'edit() can name another one.');
  }
  return { sqlName: quoted(viewName), columns: new Set(columns.map(({ name }) => name)) };
}

/** Columns of PowerSync's views that aren't data, so they can't be in `opData`. */
const SPECIAL = ['id', '_metadata', '_deleted'];

function valuesOf(entry: CrudEntryLike, { columns }: Target): Map<string, SqlValue> {
  const values = new Map<string, SqlValue>();
  if (typeof entry.id !== 'string') fail('its id is not text', 'edit() can leave it as it was.');
  const where = `of table ${JSON.stringify(entry.table)}`;
  for (const [column, value] of Object.entries(entry.opData ?? {})) {
    if (value === undefined) continue;
    if (SPECIAL.includes(column) || !columns.has(column)) {
      fail(`no column ${JSON.stringify(column)} ${where} can be written`, 'edit() can leave it out.');
    }
    if (
      !(value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value))
    ) {
      fail(
        `the value of column ${JSON.stringify(column)} ${where} cannot be stored`,
        'edit() can give text, a finite number, a boolean or null.',
      );
    }
    values.set(column, typeof value === 'boolean' ? Number(value) : value);
  }
  if (entry.metadata !== undefined && !columns.has('_metadata')) {
    fail(`table ${JSON.stringify(entry.table)} does not take metadata`, 'edit() can leave it out.');
  }
  return values;
}

function metadataOf({ metadata }: CrudEntryLike): [string, string][] {
  return metadata === undefined ? [] : [['_metadata', metadata]];
}

function sameRow(a: CrudEntryLike, b: CrudEntryLike): boolean {
  return a.table === b.table && a.id === b.id;
}

function rowIsGone({ op, table }: CrudEntryLike): never {
  fail(
    `it is a ${op} of a row that table ${JSON.stringify(table)} no longer has`,
    'Discard it, or let edit() make it a PUT.',
  );
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Throws an error that says what happened, what it means for the data, and what to do. */
export function fail(what: string, advice: string): never {
  throw new Error(
    `The rejected write was not written again: ${what}. Nothing was changed, and it stays listed. ${advice}`,
  );
}
