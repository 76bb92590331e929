import type { Limits, OwnTable, Store, TableInDatabase } from './database/database.ts';
import type { WriteHandlerOptions } from './options.ts';
import type { OpenTable, OpenTables, TableRules, User } from './tables.ts';

/**
 * The database doesn't have what the handler needs. Every upload waits until it does: a handler that began anyway would
 * refuse good writes.
 */
export class NotReady extends Error {
  /** One sentence for each thing that is missing. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The database isn't ready for writes: ${problems.join('; ')}`);
    this.name = 'NotReady';
    this.problems = problems;
  }
}

/** Reads the tables from the database when they are first needed, and again until all is there. */
export function openTables<U extends User>(options: WriteHandlerOptions<U>, limits: Limits) {
  let reading: Promise<OpenTables<U>> | undefined;
  return {
    ready(): Promise<OpenTables<U>> {
      reading ??= options.database
        .transaction(limits, (store) => readTables(store, options))
        .catch((error: unknown) => {
          reading = undefined;
          throw error;
        });
      return reading;
    },
  };
}

async function readTables<U extends User>(
  store: Store,
  options: WriteHandlerOptions<U>,
): Promise<OpenTables<U>> {
  const own: OwnTable[] = ['powersync_write_results'];
  if (options.recordRefusals) own.push('powersync_write_refusals');
  const problems = await missingTables(store, own);
  const tables = new Map<string, OpenTable<U>>();
  for (const [name, rules] of Object.entries(options.tables)) {
    const [last = name, schema] = (rules.table ?? name).split('.').reverse();
    const inDatabase = await store.describe(
      { schema, name: last, id: rules.id ?? 'id' },
      // With a session, another role may do the work.
      { privileges: options.session === undefined },
    );
    if (typeof inDatabase === 'string') problems.push(inDatabase);
    else {
      problems.push(...missingColumns(rules, inDatabase), ...generatedColumns(rules, inDatabase));
      tables.set(name, { name, rules, writable: new Set(rules.columns), inDatabase });
    }
  }
  if (problems.length > 0) throw new NotReady(problems);
  return tables;
}

/** Returns a sentence for each of the handler's own tables that isn't there. */
export async function missingTables(store: Store, needed: readonly OwnTable[]): Promise<string[]> {
  const missing = await store.missingTables(needed);
  return missing.map((name) => `There is no table ${name}. Run the statements of sql/server`);
}

function missingColumns<U extends User>(rules: TableRules<U>, { sql, columns }: TableInDatabase): string[] {
  const needed = [
    ...rules.columns,
    ...Object.keys(rules.references ?? {}),
    ...(rules.owner ? [rules.owner] : []),
  ];
  return needed
    .filter((name) => !columns.has(name))
    .map((name) => `${sql} has no column ${JSON.stringify(name)}`);
}

/** Each write of them would fail, for a reason that isn't in the data: so clients would send them for ever. */
function generatedColumns<U extends User>(
  { columns: open, owner }: TableRules<U>,
  { sql, columns }: TableInDatabase,
): string[] {
  return [...open, ...(owner ? [owner] : [])]
    .filter((name) => columns.get(name)?.isGenerated)
    .map((name) => `${sql}: the column ${JSON.stringify(name)} is generated, so it can't be written`);
}
