import { hasMethod, type Open, type Query, queryOf, type TransactionOpener } from './client.ts';
import type { Limits } from './database.ts';
import { WaitedTooLong, within } from './within.ts';

/** What `mysql()` connects with. */
export type MySqlClient = MySqlPool | MySqlCallbackPool | TransactionOpener;

/** The `Pool` of `mysql2/promise`. */
export interface MySqlPool {
  getConnection(): Promise<MySqlConnection>;
}

/** The `Pool` of `mysql2`. */
export interface MySqlCallbackPool {
  promise(): MySqlPool;
}

export interface MySqlConnection {
  /** The connection itself: a pool makes a new wrapper each time. */
  readonly connection: { on(event: 'error', listener: (error: Error) => void): unknown };
  // biome-ignore lint/suspicious/noExplicitAny: the types of mysql2 have one type for each kind of result.
  execute(options: { sql: string; rowsAsArray: boolean }, values: (string | null)[]): Promise<[any, unknown]>;
  query(sql: string): Promise<unknown>;
  unprepare(options: { sql: string; rowsAsArray: boolean }): unknown;
  release(): void;
  destroy(): void;
}

/** Returns the function that opens a transaction with a client. */
export function openMySql(client: MySqlClient): Open {
  if (hasMethod(client, 'promise')) return withPool((client as MySqlCallbackPool).promise());
  if (hasMethod(client, 'getConnection')) return withPool(client as MySqlPool);
  if (hasMethod(client, 'transaction'))
    return (limits, work) => withOpener(client as TransactionOpener, limits, work);
  throw new TypeError('mysql(): takes a Pool of mysql2, or an object with a transaction() method');
}

/** What is known of a connection of the pool. */
interface Known {
  isBroken: boolean;
  /** The settings that it has. */
  settings: string;
  /** The statements that it has prepared, the oldest first. */
  readonly prepared: Set<string>;
}

/**
 * The server has room for 16,382 prepared statements in all. Each choice of columns is one, and clients choose.
 */
const MAX_PREPARED = 200;

const connections = new WeakMap<object, Known>();

function knownOf({ connection }: MySqlConnection): Known {
  const known = connections.get(connection) ?? { isBroken: false, settings: '', prepared: new Set() };
  if (!connections.has(connection)) {
    connections.set(connection, known);
    // Without a listener, a connection that is lost between two statements ends the process.
    connection.on('error', () => {
      known.isBroken = true;
    });
  }
  return known;
}

function withPool(pool: MySqlPool): Open {
  // The pool inside of that of `mysql2/promise` has the options.
  const { config } = (pool as { pool?: { config?: { resetOnRelease?: boolean } } }).pool ?? {};
  if (config?.resetOnRelease) {
    throw new TypeError(
      'mysql(): the pool must not have resetOnRelease, which undoes the settings of a connection',
    );
  }
  return async (limits, work) => {
    const connection = await within(limits.connectMs, pool.getConnection(), (late) => late.release());
    const known = knownOf(connection);
    // The limits of the server come first. This one is for what they don't cover, such as a server that is gone.
    const longestMs = Math.max(limits.statementMs, lockSeconds(limits) * 1000) + 1000;
    const inTime = async <Value>(statement: Promise<Value>): Promise<Value> => {
      try {
        return await within(longestMs, statement, () => {}, 'A statement');
      } catch (error) {
        if (error instanceof WaitedTooLong) known.isBroken = true;
        throw error;
      }
    };
    const query: Query = async (sql, parameters = []) => {
      if (!known.prepared.has(sql)) {
        known.prepared.add(sql);
        const [oldest = ''] = known.prepared;
        if (known.prepared.size > MAX_PREPARED) {
          known.prepared.delete(oldest);
          connection.unprepare(asRows(oldest));
        }
      }
      const [result] = await inTime(connection.execute(asRows(sql), parameters.map(asText)));
      return Array.isArray(result)
        ? { rows: result, count: 0 }
        : { rows: [], count: Number(result.affectedRows) };
    };
    const wanted = settings(limits);
    try {
      if (known.settings !== wanted) {
        known.settings = '';
        await inTime(connection.query('set session transaction isolation level read committed'));
        await inTime(connection.query(wanted));
        known.settings = wanted;
      }
      await inTime(connection.query('start transaction read write'));
      const result = await work(query);
      await inTime(connection.query('commit'));
      return result;
    } catch (error) {
      if (!known.isBroken) {
        // If the rollback fails too, the connection's state isn't known, so it isn't used again.
        await inTime(connection.query('rollback')).catch(() => {
          known.isBroken = true;
        });
      }
      throw error;
    } finally {
      if (known.isBroken) connection.destroy();
      else connection.release();
    }
  };
}

/** A pool may be set to give rows as arrays. A statement is kept under all of its options. */
function asRows(sql: string) {
  return { sql, rowsAsArray: false };
}

async function withOpener<Result>(
  client: TransactionOpener,
  limits: Limits,
  work: (query: Query) => Promise<Result>,
): Promise<Result> {
  return client.transaction(async (transaction) => {
    const query = queryOf(transaction, asText);
    await query(settings(limits));
    return work(query);
  });
}

/** Compared with a number, each text that doesn't begin with one is 0. */
function asText(parameter: string | number | null): string | null {
  return parameter === null ? null : String(parameter);
}

/** Whole seconds, and 0 would be no wait at all. */
function lockSeconds({ lockMs }: Limits): number {
  return Math.max(1, Math.ceil(lockMs / 1000));
}

const SQL_MODE = [
  // Otherwise text that is too long is cut, and a value that doesn't fit becomes another one.
  'STRICT_ALL_TABLES',
  'STRICT_TRANS_TABLES',
  'NO_ZERO_DATE',
  'NO_ZERO_IN_DATE',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'NO_ENGINE_SUBSTITUTION',
  // Otherwise the id 0 becomes the next number.
  'NO_AUTO_VALUE_ON_ZERO',
];

/**
 * The settings of a session. What is in `M!` is for MariaDB only, and what is in `!50708` for MySQL only, where the limit
 * is for SELECT only. MariaDB would make a subquery of a long list of ids, and lock in another order.
 */
function settings(limits: Limits): string {
  const seconds = lockSeconds(limits);
  const all = [
    'names utf8mb4',
    `sql_mode = '${SQL_MODE}'`,
    `time_zone = '+00:00'`,
    `innodb_lock_wait_timeout = ${seconds}`,
    `lock_wait_timeout = ${seconds}`,
    'sql_safe_updates = 0',
  ];
  const mariaDb = `, max_statement_time = ${limits.statementMs / 1000}, in_predicate_conversion_threshold = 0`;
  const mySql = `, max_execution_time = ${Math.ceil(limits.statementMs)}`;
  return `set ${all.join(', ')} /*M!100318 ${mariaDb} */ /*!50708 ${mySql} */`;
}
