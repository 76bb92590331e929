import { type Expression, readExpression, readList, type Scope } from './expression.ts';
import { createReader, type SqlReader } from './reader.ts';
import {
  type Columns,
  checkColumns,
  type ResultRow,
  readColumns,
  readSelect,
  readWhere,
  subselect,
} from './select.ts';
import type { ColumnDefinition, OnConflict, Row, SqlDatabase, SqlTable, Values } from './table.ts';
import { type SqlValue, truth } from './values.ts';

/** A parsed statement. */
export interface Statement {
  readonly isSelect: boolean;
  run(database: SqlDatabase, parameters: readonly SqlValue[]): ResultRow[];
}

type Run = (scope: Scope) => ResultRow[];

/** Parses one statement. @throws UnknownSql */
export function readStatement(sql: string): Statement {
  const reader = createReader(sql);
  const isSelect = reader.take('select');
  const run = isSelect ? readSelect(reader) : readWrite(reader);
  reader.take(';');
  if (!reader.atEnd()) reader.fail();
  return {
    isSelect,
    run(database, parameters) {
      if (parameters.length > reader.parameterCount) throw new Error('column index out of range');
      return run({ database, parameters });
    },
  };
}

function readWrite(reader: SqlReader): Run {
  if (reader.take('create', 'table')) return readCreate(reader);
  if (reader.take('insert', 'into')) return readInsert(reader, 'abort');
  if (reader.take('insert', 'or', 'replace', 'into')) return readInsert(reader, 'replace');
  if (reader.take('insert', 'or', 'ignore', 'into')) return readInsert(reader, 'ignore');
  if (reader.take('replace', 'into')) return readInsert(reader, 'replace');
  if (reader.take('update')) return readUpdate(reader);
  if (reader.take('delete', 'from')) return readDelete(reader);
  return reader.fail();
}

function readCreate(reader: SqlReader): Run {
  const mayBeThere = reader.take('if', 'not', 'exists');
  const name = reader.name();
  reader.need('(');
  const columns: ColumnDefinition[] = [];
  do columns.push(readColumnDefinition(reader));
  while (reader.take(','));
  reader.need(')');
  return ({ database }) => {
    if (!database.hasTable(name)) database.createTable(name, columns);
    else if (!mayBeThere) throw new Error(`table ${name} already exists`);
    return [];
  };
}

function readColumnDefinition(reader: SqlReader): ColumnDefinition {
  const name = reader.name();
  const type = (reader.maybeName() ?? '').toUpperCase();
  const isKey = reader.take('primary', 'key');
  const notNull = reader.take('not', 'null');
  return { name, type, isKey, notNull };
}

function readInsert(reader: SqlReader, conflict: OnConflict): Run {
  const target = reader.name();
  const names: string[] = [];
  if (reader.take('(')) {
    do names.push(reader.name());
    while (reader.take(','));
    reader.need(')');
  }
  reader.need('values');
  const rows: Expression[][] = [];
  do {
    reader.need('(');
    rows.push(readList(reader, subselect));
    reader.need(')');
  } while (reader.take(','));
  const upsert = readUpsert(reader);
  const returning = readReturning(reader);
  return (outer) => {
    const source = outer.database.table(target);
    const { insert } = source;
    if (!insert) throw new Error(`table ${target} may not be modified`);
    const columns = names.length > 0 ? names : (source.columns ?? []);
    checkNames(source, columns);
    source.begin?.();
    const scope = { ...outer, source };
    return rows.flatMap((expressions) => {
      if (expressions.length !== columns.length)
        throw new Error(`${expressions.length} values for ${columns.length} columns`);
      const values = new Map(columns.map((name, index) => [name, expressions[index]?.(scope) ?? null]));
      const row = upsert ? upsert(scope, source, values) : insert(values, conflict);
      return row && returning ? [returning({ ...scope, row })] : [];
    });
  };
}

type Upsert = (scope: Scope, source: SqlTable, values: Values) => Row | undefined;

function readUpsert(reader: SqlReader): Upsert | undefined {
  if (!reader.take('on', 'conflict', '(')) return undefined;
  const key = reader.name();
  reader.need(')');
  reader.need('do');
  const update = reader.take('nothing') ? undefined : readChanges(reader);
  return (scope, source, values) => {
    if (source.key === undefined) throw new Error('cannot UPSERT a view');
    if (source.key !== key)
      throw new Error('ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint');
    const row = [...source.rows()].find((each) => each.values.get(key) === values.get(key));
    if (!row) return source.insert?.(values, 'abort');
    return update?.({ ...scope, row, excluded: { rowid: 0, values } });
  };
}

/** Reads `UPDATE SET …` of an upsert. */
function readChanges(reader: SqlReader): (scope: Scope) => Row | undefined {
  reader.need('update');
  const set = readSet(reader);
  const where = readWhere(reader);
  return (scope) => {
    if (!truth(where(scope)) || !scope.row) return undefined;
    return scope.source?.update?.(scope.row, set(scope));
  };
}

function readSet(reader: SqlReader): (scope: Scope) => Values {
  reader.need('set');
  const changes: [string, Expression][] = [];
  do {
    const name = reader.name();
    reader.statement.columns.add(name);
    reader.need('=');
    changes.push([name, readExpression(reader, subselect)]);
  } while (reader.take(','));
  return (scope) => new Map(changes.map(([name, value]) => [name, value(scope)]));
}

function readUpdate(reader: SqlReader): Run {
  const target = reader.name();
  const set = readSet(reader);
  return readChangeOf(reader, target, (source, scope) => {
    if (!source.update) throw new Error(`cannot modify ${target} because it is a view`);
    return scope.row && source.update(scope.row, set(scope));
  });
}

function readDelete(reader: SqlReader): Run {
  const target = reader.name();
  return readChangeOf(reader, target, (source, { row }) => {
    if (!source.remove) throw new Error(`cannot modify ${target} because it is a view`);
    if (row) source.remove(row);
    return row;
  });
}

/** Reads WHERE and RETURNING of a statement that changes rows one by one. */
function readChangeOf(
  reader: SqlReader,
  target: string,
  change: (source: SqlTable, scope: Scope) => Row | undefined,
): Run {
  const where = readWhere(reader);
  const returning = readReturning(reader);
  const { columns } = reader.statement;
  return (outer) => {
    const source = outer.database.table(target);
    checkColumns(source, columns);
    source.begin?.();
    const scope = { ...outer, source };
    const rows = [...source.rows()].filter((row) => truth(where({ ...scope, row })));
    if (rows.length === 0) change(source, scope);
    return rows.flatMap((each) => {
      const row = change(source, { ...scope, row: each });
      return row && returning ? [returning({ ...scope, row })] : [];
    });
  };
}

function readReturning(reader: SqlReader): Columns | undefined {
  return reader.take('returning') ? readColumns(reader) : undefined;
}

/** @throws Error naming the first column that can't be written. */
export function checkNames({ name, columns }: SqlTable, wanted: readonly string[]): void {
  const unknown = wanted.find((each) => columns && !columns.includes(each));
  if (unknown !== undefined) throw new Error(`table ${name} has no column named ${unknown}`);
}
