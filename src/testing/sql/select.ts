import { type Expression, readExpression, type Scope } from './expression.ts';
import type { SqlReader, StatementFacts } from './reader.ts';
import type { Row, SqlTable } from './table.ts';
import { order, type SqlValue, truth } from './values.ts';

/** A row of a result: names and values in order. */
export type ResultRow = readonly (readonly [name: string, value: SqlValue])[];

/** Returns the columns that a SELECT or RETURNING selects from a row. */
export type Columns = (scope: Scope) => ResultRow;

/** Reads a SELECT after its first word. */
export function readSelect(reader: SqlReader): (scope: Scope) => ResultRow[] {
  return inOwnScope(reader, (facts) => {
    const isDistinct = reader.take('distinct');
    const show = readColumns(reader);
    const source = reader.take('from') ? readSource(reader) : undefined;
    const where = readWhere(reader);
    const sort = readOrder(reader);
    const limit = reader.take('limit') ? readExpression(reader, subselect) : undefined;
    return (outer) => {
      const table = source?.(outer);
      const base: Scope = { database: outer.database, parameters: outer.parameters, source: table };
      if (table) checkColumns(table, facts.columns);
      const all: (Row | undefined)[] = table ? [...table.rows()] : [undefined];
      const rows = all.filter((row) => truth(where({ ...base, row })));
      if (sort) rows.sort((a, b) => sort({ ...base, row: a }, { ...base, row: b }));
      if (facts.isCount) return [show({ ...base, row: rows[0], count: rows.length })];
      const shown = rows.map((row) => show({ ...base, row }));
      const most = limit?.(base);
      const end = typeof most === 'number' && most >= 0 ? most : undefined;
      return (isDistinct ? distinct(shown) : shown).slice(0, end);
    };
  });
}

function distinct(rows: readonly ResultRow[]): ResultRow[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

/** Reads a SELECT inside an expression. It returns the first column of its rows. */
export function subselect(reader: SqlReader): (scope: Scope) => SqlValue[] {
  const select = readSelect(reader);
  return (scope) => select(scope).map((row) => row[0]?.[1] ?? null);
}

/** Calls `read` with the facts of a nested statement, then returns to the outer one. */
function inOwnScope<T>(reader: SqlReader, read: (facts: StatementFacts) => T): T {
  const outer = reader.statement;
  reader.statement = { columns: new Set(), isCount: false };
  const result = read(reader.statement);
  reader.statement = outer;
  return result;
}

/** @throws Error naming the first column that the table doesn't have. */
export function checkColumns({ columns }: SqlTable, wanted: Iterable<string>): void {
  if (!columns) return;
  for (const name of wanted) {
    if (name !== 'rowid' && !columns.includes(name)) throw new Error(`no such column: ${name}`);
  }
}

export function readWhere(reader: SqlReader): Expression {
  return reader.take('where') ? readExpression(reader, subselect) : () => 1;
}

/** Reads the columns to select: `*`, or expressions with or without names. */
export function readColumns(reader: SqlReader): Columns {
  const parts: Columns[] = [];
  do parts.push(reader.take('*') ? showAll : readColumn(reader));
  while (reader.take(','));
  return (scope) => parts.flatMap((part) => part(scope));
}

function readColumn(reader: SqlReader): Columns {
  const place = reader.place();
  const expression = readExpression(reader, subselect);
  const text = reader.textFrom(place).replace(/^\w+\.(?=\w+$)/, '');
  const name = reader.take('as') ? reader.name() : (reader.maybeName() ?? text);
  return (scope) => [[name, expression(scope)]];
}

function showAll({ source, row }: Scope): ResultRow {
  if (!source || !row) throw new Error('no tables specified');
  const names = source.columns ?? source.known?.filter((name) => !name.startsWith('_')) ?? [];
  return names.map((name) => [name, row.values.get(name) ?? null]);
}

function readSource(reader: SqlReader): (scope: Scope) => SqlTable {
  const name = reader.name();
  if (reader.take('(')) {
    const operand = readExpression(reader, subselect);
    reader.need(')');
    const call = TABLES.get(name.toLowerCase()) ?? reader.fail();
    return (scope) => call(operand(scope), scope);
  }
  // Skips an alias. There is only one table, so it isn't needed.
  if (reader.take('as')) reader.name();
  else reader.maybeName();
  return ({ database }) => database.table(name);
}

/** Functions that return a table. */
const TABLES: ReadonlyMap<string, (operand: SqlValue, scope: Scope) => SqlTable> = new Map([
  ['json_each', (operand) => jsonEach(operand)],
  ['pragma_table_info', (operand, { database }) => tableInfo(operand, database)],
]);

function jsonEach(json: SqlValue): SqlTable {
  const list: unknown = JSON.parse(String(json));
  const elements = Array.isArray(list) ? list : Object.values(Object(list));
  return tableOf(
    'json_each',
    'value',
    elements.map((element) =>
      typeof element === 'object' && element !== null ? JSON.stringify(element) : (element as SqlValue),
    ),
  );
}

function tableInfo(name: SqlValue, database: Scope['database']): SqlTable {
  const table = database.hasTable(String(name)) ? database.table(String(name)) : undefined;
  return tableOf('pragma_table_info', 'name', table?.columns ?? table?.known ?? []);
}

function tableOf(name: string, column: string, values: readonly SqlValue[]): SqlTable {
  const rows = values.map((value, index) => ({ rowid: index + 1, values: new Map([[column, value]]) }));
  return { name, columns: [column], rows: () => rows };
}

function readOrder(reader: SqlReader): ((a: Scope, b: Scope) => number) | undefined {
  if (!reader.take('order', 'by')) return undefined;
  const terms: { by: Expression; sign: number }[] = [];
  do {
    const by = readExpression(reader, subselect);
    const isDescending = reader.take('desc');
    if (!isDescending) reader.take('asc');
    terms.push({ by, sign: isDescending ? -1 : 1 });
  } while (reader.take(','));
  return (a, b) => {
    for (const { by, sign } of terms) {
      const difference = order(by(a), by(b)) * sign;
      if (difference !== 0) return difference;
    }
    return 0;
  };
}
