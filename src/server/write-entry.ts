import { ConflictRefused, policyOf } from './conflicts.ts';
import { isSameValue, toColumnValue } from './database/client-values.ts';
import type { Row, Store } from './database/database.ts';
import type { LockedRows } from './locked-rows.ts';
import { type Change, type OpenTable, type OpenTables, openTable, type User } from './tables.ts';
import { validate } from './validate.ts';
import type { UploadedEntry } from './wire.ts';
import { WriteRefused } from './write-refused.ts';

/** Another transaction was in between, so this one starts again. */
export class StartAgain extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StartAgain';
  }
}

export interface EntryContext<U extends User> {
  readonly tables: OpenTables<U>;
  readonly user: U;
  readonly onMissingRow: 'accept' | 'refuse';
  /** Whether this is the last try: then what keeps being in the way is taken for a refusal. */
  readonly isLastTry: boolean;
}

/**
 * Authorizes, validates and writes one entry.
 *
 * @throws WriteRefused if it isn't allowed.
 * @throws StartAgain if another transaction inserted the row in the meantime.
 */
export async function writeEntry<U extends User>(
  store: Store,
  context: EntryContext<U>,
  rows: LockedRows<U>,
  entry: UploadedEntry,
  isSecondLook = false,
): Promise<void> {
  const { user } = context;
  const { op, id } = entry;
  const table = openTable(context.tables, entry);
  const stored = await rows.read(table, id);

  if (stored === null && op !== 'PUT') return missing(store, context, table, id);

  const { mine, claimed } = writtenColumns(table, entry);
  const known = {
    op,
    table: table.name,
    id,
    user,
    stored,
    previous: entry.previous_values,
    metadata: entry.metadata,
  };
  const set = op === 'DELETE' ? {} : serverColumns(table, known, claimed);
  if (op !== 'DELETE') await validate(table.rules.schema, op, readColumns(table, mine));

  const resolved = stored === null ? mine : resolve(table, entry, stored, mine);
  const written = resolved instanceof ConflictRefused ? mine : resolved;
  const values = written === 'keep' || written === 'delete' ? {} : { ...written, ...set };
  const next =
    written === 'delete'
      ? null
      : { ...stored, ...readColumns(table, values), [table.inDatabase.id.name]: id };

  // First whether the user may do this at all: a conflict shows them the stored row.
  await authorize(context, table, { ...known, next, references: await rows.readReferences(table, values) });
  if (resolved instanceof ConflictRefused) throw withStoredRow(resolved, table, stored);

  if (await isWritten(store, table, id, stored, written === 'delete' ? 'delete' : values)) {
    rows.changed(table, id, written === 'delete');
    return;
  }
  // Nothing was written. A cascade or a trigger of this transaction may have deleted the row, or another transaction
  // may have inserted it. Only what is there now decides.
  const now = await rows.readAgain(table, id);
  if (!isSecondLook && (now === null) !== (stored === null))
    return writeEntry(store, context, rows, entry, true);
  if (stored !== null || now !== null) throw notAllowed();
  await notInserted(store, context, table, id);
}

async function isWritten<U extends User>(
  store: Store,
  { inDatabase }: OpenTable<U>,
  id: string,
  stored: Row | null,
  values: Row | 'delete',
): Promise<boolean> {
  if (values === 'delete') return (await store.delete(inDatabase, id)) > 0;
  if (stored === null) return store.insert(inDatabase, id, values);
  return Object.keys(values).length === 0 || (await store.update(inDatabase, id, values)) > 0;
}

/** One answer for "not there" and "not yours", so that nobody can ask which rows exist. */
const NOT_THERE_OR_NOT_YOURS = 'There is no such row, or this user may not change it';

function notAllowed(): WriteRefused {
  return new WriteRefused('UNAUTHORIZED', NOT_THERE_OR_NOT_YOURS);
}

/** A DELETE or PATCH of a row that is gone. Somebody has deleted it, and a delete wins: there is nothing to do. */
async function missing<U extends User>(
  store: Store,
  context: EntryContext<U>,
  table: OpenTable<U>,
  id: string,
): Promise<void> {
  // A policy of the database may show the row, but not let it be locked for a change.
  if (context.onMissingRow === 'refuse' || (await store.exists(table.inDatabase, id))) throw notAllowed();
}

/** Nothing was inserted, and no row is there: it was deleted again, or a trigger or a policy prevents it. */
async function notInserted<U extends User>(
  store: Store,
  context: EntryContext<U>,
  table: OpenTable<U>,
  id: string,
): Promise<void> {
  if (!context.isLastTry) throw new StartAgain('The row was inserted and deleted in the meantime');
  if (await store.exists(table.inDatabase, id)) throw notAllowed();
  throw new WriteRefused(
    'UNAUTHORIZED',
    'The database did not store the row: a trigger or a policy prevents it',
  );
}

/** The columns that the client wrote, without the id: those that it may write, and those that the server sets. */
function writtenColumns<U extends User>(
  { name, rules, writable, inDatabase }: OpenTable<U>,
  entry: UploadedEntry,
) {
  // Without a prototype, a column called `__proto__` is a column like any other.
  const mine: Record<string, unknown> = Object.create(null);
  const claimed: Record<string, unknown> = Object.create(null);
  if (entry.op === 'DELETE') return { mine, claimed };
  for (const [column, value] of Object.entries(entry.op_data ?? {})) {
    if (column === inDatabase.id.name || column === 'id') {
      if (value !== entry.id)
        throw new WriteRefused('INVALID_DATA', 'The id in op_data must be that of the entry');
    } else if (writable.has(column)) {
      mine[column] = value;
    } else if (column === rules.owner || (rules.set && inDatabase.columns.has(column))) {
      claimed[column] = value;
    } else {
      throw notOpen(column, name);
    }
  }
  return { mine, claimed };
}

function notOpen(column: string, table: string): WriteRefused {
  const names = `The column ${JSON.stringify(column)} of the table ${JSON.stringify(table)}`;
  return new WriteRefused('SCHEMA_MISMATCH', `${names} is not open to clients`);
}

/** The columns that the server sets. If the client wrote one of them, it must have written the same. */
function serverColumns<U extends User>(
  { rules, name }: OpenTable<U>,
  change: Omit<Change<U>, 'next' | 'references'>,
  claimed: Row,
): Row {
  const { stored, user } = change;
  const owner = rules.owner !== undefined && stored === null ? { [rules.owner]: user.id } : {};
  const set: Row = { ...owner, ...rules.set?.(change) };
  for (const [column, value] of Object.entries(claimed)) {
    const expected = Object.hasOwn(set, column) ? set[column] : stored?.[column];
    if (expected === undefined) throw notOpen(column, name);
    if (String(expected) !== String(value)) {
      throw new WriteRefused('UNAUTHORIZED', `The column ${JSON.stringify(column)} is set by the server`);
    }
  }
  return set;
}

/** Values as the rules see them: those of the columns, not those of the client's SQLite. */
function readColumns<U extends User>({ inDatabase }: OpenTable<U>, values: Row): Row {
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const column = inDatabase.columns.get(name);
    if (!column) throw new TypeError(`tables: ${inDatabase.sql} has no column ${JSON.stringify(name)}`);
    read[name] = toColumnValue(column, value);
  }
  return read;
}

async function authorize<U extends User>(
  { tables, user }: EntryContext<U>,
  table: OpenTable<U>,
  change: Change<U>,
): Promise<void> {
  const { rules } = table;
  const { stored, next, references } = change;
  if (stored && !isOwner(table, stored, user)) throw notAllowed();
  if (next && !isOwner(table, next, user)) throw notAllowed();
  for (const [column, row] of Object.entries(references)) {
    if (row === null) {
      throw new WriteRefused(
        'FOREIGN_KEY_VIOLATION',
        `The row that ${JSON.stringify(column)} points to does not exist`,
        {
          column,
        },
      );
    }
    const target = tables.get(rules.references?.[column] ?? '');
    if (target && !isOwner(target, row, user)) throw notAllowed();
  }
  if (rules.authorize && !(await rules.authorize(change))) throw notAllowed();
}

/** Compared as values of the column: an owner may be a number or a UUID. Without an owner, the rule alone decides. */
function isOwner<U extends User>({ rules, inDatabase }: OpenTable<U>, row: Row, user: U): boolean {
  if (rules.owner === undefined) return true;
  const column = inDatabase.columns.get(rules.owner);
  return column !== undefined && isSameValue(column, user.id, row[rules.owner]);
}

function resolve<U extends User>(
  { rules, inDatabase }: OpenTable<U>,
  entry: UploadedEntry,
  stored: Row,
  mine: Row,
) {
  const { op, previous_values: base = {} } = entry;
  try {
    return policyOf(rules.conflict)({ op, stored, mine, base, columns: inDatabase.columns });
  } catch (error) {
    if (error instanceof ConflictRefused) return error;
    throw error;
  }
}

/** A conflict is refused with the stored row, so that the client can merge. */
function withStoredRow<U extends User>(
  { code, message, details }: ConflictRefused,
  { inDatabase, writable }: OpenTable<U>,
  stored: Row | null,
): WriteRefused {
  const names = [inDatabase.id.name, ...writable];
  const server_row = stored && Object.fromEntries(names.map((name) => [name, stored[name] ?? null]));
  return new WriteRefused(code, message, { ...details, server_row });
}
