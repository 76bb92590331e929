import type { Failure } from './database.ts';

/** Another row has this value already. */
const DUPLICATE = 1062;

/** Reads an error of MySQL or MariaDB by its number. */
export function readMySqlError(error: unknown): Failure {
  const mySql = errorOfMySql(error);
  if (!mySql) return { kind: 'temporary' };
  // A lock that was waited for too long, a deadlock, and a row that has changed since a snapshot. The first undoes the
  // statement only, the others the whole transaction: so it is rolled back and begun again, each time.
  if ([1205, 1213, 1020].includes(mySql.errno)) return { kind: 'again' };
  return refusal(mySql) ?? { kind: 'temporary' };
}

export function isDuplicate(error: unknown): boolean {
  return errorOfMySql(error)?.errno === DUPLICATE;
}

/** The account may not do this with the table. */
export function isDenied(error: unknown): boolean {
  return errorOfMySql(error)?.errno === 1142;
}

const NOT_NULL: Constraint = ['NOT_NULL_VIOLATION', 'A value is missing'];
const FOREIGN_KEY: Constraint = [
  'FOREIGN_KEY_VIOLATION',
  'The row points to a row that does not exist, or is still pointed to',
];
const CHECK: Constraint = ['CHECK_VIOLATION', 'A value is not allowed'];

type Constraint = readonly [code: string, message: string];

const CONSTRAINTS: Readonly<Record<number, Constraint>> = {
  1048: NOT_NULL,
  1364: NOT_NULL, // left out, without a default
  [DUPLICATE]: ['UNIQUE_VIOLATION', 'There is already a row with this value'],
  1216: FOREIGN_KEY, // without a privilege on the other table
  1217: FOREIGN_KEY,
  1451: FOREIGN_KEY,
  1452: FOREIGN_KEY,
  1369: ['CHECK_VIOLATION', 'The row is not allowed in this view'],
  3819: CHECK, // MySQL
  4025: CHECK, // MariaDB
};

/** The value doesn't fit its column. Some of these have a SQLSTATE that isn't of the class 22. */
const DATA = [1264, 1265, 1292, 1366, 1406];

/** `SIGNAL SQLSTATE '45000'` in a trigger. */
const SIGNAL = 1644;

/**
 * What is refused is a closed list: the data itself is wrong. All else may pass (a grant that is missing, a failover, a
 * password that was changed), so the client keeps the write. The words of the server are passed on only where they are
 * about the value or were written by the app: others quote rows or tell about the server.
 */
function refusal({ errno, sqlState, message }: MySqlError): Failure | undefined {
  const constraint = CONSTRAINTS[errno];
  if (constraint)
    return { kind: 'refused', code: constraint[0], message: constraint[1], details: names(errno, message) };
  if (errno === SIGNAL) {
    return { kind: 'refused', code: 'RAISED', message, details: { sqlstate: sqlState }, ofTheApp: true };
  }
  if (DATA.includes(errno) || sqlState.startsWith('22')) {
    return { kind: 'refused', code: 'INVALID_DATA', message, details: { sqlstate: sqlState } };
  }
  return undefined;
}

/** The names in a message, which has no members for them: the constraint, or the column that has no value. */
function names(errno: number, message: string): Record<string, string> {
  const [, name] =
    (errno === DUPLICATE
      ? / for key '([^']*)'$/ // behind the value, which is the client's
      : /CONSTRAINT `([^`]+)`|^Check constraint '([^']+)'|^(?:Column|Field) '([^']+)'/
    )
      .exec(message)
      ?.filter((part) => part !== undefined) ?? [];
  if (name === undefined) return {};
  return CONSTRAINTS[errno] === NOT_NULL ? { column: name } : { constraint: name };
}

interface MySqlError {
  readonly errno: number;
  readonly sqlState: string;
  readonly message: string;
}

/** An error of the server: those of Node have no SQLSTATE. ORMs put it into `cause`. */
function errorOfMySql(error: unknown, depth = 0): MySqlError | undefined {
  if (typeof error !== 'object' || error === null || depth === 5) return undefined;
  const { errno, sqlState, message, cause } = error as Record<string, unknown>;
  if (typeof errno === 'number' && typeof sqlState === 'string') {
    return { errno, sqlState, message: String(message) };
  }
  return errorOfMySql(cause, depth + 1);
}
