import { uuid } from '../uuid.ts';
import type { SqlReader } from './reader.ts';
import type { Row, SqlDatabase, SqlTable } from './table.ts';
import { compared, fromTruth, type SqlValue, toNumber, truth } from './values.ts';

/** The values that an expression can use. */
export interface Scope {
  readonly database: SqlDatabase;
  readonly parameters: readonly SqlValue[];
  readonly source?: SqlTable | undefined;
  readonly row?: Row | undefined;
  /** The row that an INSERT couldn't write, for `ON CONFLICT`. */
  readonly excluded?: Row | undefined;
  /** Number of rows, for `count(*)`. */
  readonly count?: number;
}

export type Expression = (scope: Scope) => SqlValue;

/** Reads a SELECT after its first word. The expression gets the first column of each row. */
export type ReadSubselect = (reader: SqlReader) => (scope: Scope) => SqlValue[];

/** Reads an expression, beginning with `OR`, which binds loosest. */
export function readExpression(reader: SqlReader, subselect: ReadSubselect): Expression {
  const next = (): Expression => readAnd(reader, subselect);
  let left = next();
  while (reader.take('or')) {
    const [a, b] = [left, next()];
    left = (scope) => {
      const [x, y] = [truth(a(scope)), truth(b(scope))];
      return fromTruth(x || y ? true : x === null || y === null ? null : false);
    };
  }
  return left;
}

function readAnd(reader: SqlReader, subselect: ReadSubselect): Expression {
  const next = (): Expression => readNot(reader, subselect);
  let left = next();
  while (reader.take('and')) {
    const [a, b] = [left, next()];
    left = (scope) => {
      const [x, y] = [truth(a(scope)), truth(b(scope))];
      return fromTruth(x === false || y === false ? false : x === null || y === null ? null : true);
    };
  }
  return left;
}

function readNot(reader: SqlReader, subselect: ReadSubselect): Expression {
  if (!reader.take('not')) return readEquality(reader, subselect);
  const operand = readNot(reader, subselect);
  return (scope) => not(operand(scope));
}

function readEquality(reader: SqlReader, subselect: ReadSubselect): Expression {
  const next = (): Expression => readInfix(reader, subselect, 0);
  let left = next();
  for (;;) {
    const a = left;
    if (reader.take('=') || reader.take('==')) left = comparing(a, next(), (order) => order === 0);
    else if (reader.take('<>') || reader.take('!=')) left = comparing(a, next(), (order) => order !== 0);
    else if (reader.take('is', 'not')) left = same(a, next(), false);
    else if (reader.take('is')) left = same(a, next(), true);
    else if (reader.take('not', 'in')) {
      const isIn = readIn(reader, subselect, a);
      left = (scope) => not(isIn(scope));
    } else if (reader.take('in')) left = readIn(reader, subselect, a);
    else return left;
  }
}

function readIn(reader: SqlReader, subselect: ReadSubselect, tested: Expression): Expression {
  reader.need('(');
  let list: (scope: Scope) => SqlValue[];
  if (reader.take('select')) list = subselect(reader);
  else {
    const each = readList(reader, subselect);
    list = (scope) => each.map((expression) => expression(scope));
  }
  reader.need(')');
  return (scope) => {
    const value = tested(scope);
    const values = list(scope);
    if (values.length === 0) return 0;
    if (value === null) return null;
    return values.includes(value) ? 1 : values.includes(null) ? null : 0;
  };
}

/** Reads one or more expressions, separated by commas. */
export function readList(reader: SqlReader, subselect: ReadSubselect): Expression[] {
  const list: Expression[] = [];
  do list.push(readExpression(reader, subselect));
  while (reader.take(','));
  return list;
}

const arithmetic =
  (work: (a: number, b: number) => number) =>
  (a: SqlValue, b: SqlValue): SqlValue =>
    a === null || b === null ? null : work(toNumber(a), toNumber(b));

const compare =
  (holds: (order: number) => boolean) =>
  (a: SqlValue, b: SqlValue): SqlValue =>
    compared(a, b, holds);

/** Binary operators by precedence, the loosest first. */
const INFIX: readonly Readonly<Record<string, (a: SqlValue, b: SqlValue) => SqlValue>>[] = [
  {
    '<': compare((order) => order < 0),
    '<=': compare((order) => order <= 0),
    '>': compare((order) => order > 0),
    '>=': compare((order) => order >= 0),
  },
  { '+': arithmetic((a, b) => a + b), '-': arithmetic((a, b) => a - b) },
  { '*': arithmetic((a, b) => a * b) },
  { '||': (a, b) => (a === null || b === null ? null : `${a}${b}`) },
];

function readInfix(reader: SqlReader, subselect: ReadSubselect, level: number): Expression {
  const operators = INFIX[level];
  if (!operators) return readPrimary(reader, subselect);
  const next = (): Expression => readInfix(reader, subselect, level + 1);
  let left = next();
  for (;;) {
    const sign = Object.keys(operators).find((each) => reader.take(each));
    const work = sign === undefined ? undefined : operators[sign];
    if (!work) return left;
    const [a, b] = [left, next()];
    left = (scope) => work(a(scope), b(scope));
  }
}

function readPrimary(reader: SqlReader, subselect: ReadSubselect): Expression {
  const literal = reader.literal();
  if (literal !== undefined) return () => literal;
  if (reader.take('?')) {
    const index = reader.parameter();
    return ({ parameters }) => parameters[index] ?? null;
  }
  if (reader.take('-')) {
    const operand = readPrimary(reader, subselect);
    return (scope) => arithmetic((a, b) => a - b)(0, operand(scope));
  }
  if (reader.take('null')) return () => null;
  if (reader.take('true')) return () => 1;
  if (reader.take('false')) return () => 0;
  if (reader.take('case')) return readCase(reader, subselect);
  if (reader.take('count', '(', '*', ')')) {
    reader.statement.isCount = true;
    return ({ count = 0 }) => count;
  }
  if (reader.take('exists', '(', 'select')) {
    const rows = subselect(reader);
    reader.need(')');
    return (scope) => Number(rows(scope).length > 0);
  }
  if (reader.take('(')) {
    const rows = reader.take('select') ? subselect(reader) : undefined;
    const inner = rows ? undefined : readExpression(reader, subselect);
    reader.need(')');
    return inner ?? ((scope) => rows?.(scope)[0] ?? null);
  }
  return readNamed(reader, subselect);
}

/** Reads a column or a function call. */
function readNamed(reader: SqlReader, subselect: ReadSubselect): Expression {
  const name = reader.name();
  if (reader.take('(')) {
    const call = FUNCTIONS.get(name.toLowerCase()) ?? reader.fail();
    const operands = reader.take(')') ? [] : readList(reader, subselect);
    if (operands.length > 0) reader.need(')');
    return (scope) => call(operands.map((operand) => operand(scope)));
  }
  const column = reader.take('.') ? reader.name() : name;
  if (column !== name && name.toLowerCase() === 'excluded')
    return ({ excluded }) => excluded?.values.get(column) ?? null;
  reader.statement.columns.add(column);
  return ({ row }) => {
    if (!row) throw new Error(`no such column: ${column}`);
    return row.values.get(column) ?? (column === 'rowid' ? row.rowid : null);
  };
}

const firstKnown = (operands: readonly SqlValue[]): SqlValue =>
  operands.find((operand) => operand !== null) ?? null;

const FUNCTIONS: ReadonlyMap<string, (operands: readonly SqlValue[]) => SqlValue> = new Map([
  ['coalesce', firstKnown],
  ['ifnull', firstKnown],
  ['uuid', uuid],
]);

function readCase(reader: SqlReader, subselect: ReadSubselect): Expression {
  const base = reader.take('when') ? undefined : readExpression(reader, subselect);
  if (base) reader.need('when');
  const branches: { test: Expression; value: Expression }[] = [];
  do {
    const when = readExpression(reader, subselect);
    reader.need('then');
    const test = base ? comparing(base, when, (order) => order === 0) : when;
    branches.push({ test, value: readExpression(reader, subselect) });
  } while (reader.take('when'));
  const otherwise = reader.take('else') ? readExpression(reader, subselect) : () => null;
  reader.need('end');
  return (scope) => (branches.find(({ test }) => truth(test(scope)))?.value ?? otherwise)(scope);
}

function comparing(a: Expression, b: Expression, holds: (order: number) => boolean): Expression {
  return (scope) => compared(a(scope), b(scope), holds);
}

/** The operator `IS`, which compares nulls too. */
function same(a: Expression, b: Expression, wanted: boolean): Expression {
  return (scope) => Number((a(scope) === b(scope)) === wanted);
}

function not(value: SqlValue): SqlValue {
  const is = truth(value);
  return fromTruth(is === null ? null : !is);
}
