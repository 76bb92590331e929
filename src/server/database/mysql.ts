import type { Database } from './database.ts';
import { type MySqlClient, openMySql } from './mysql-client.ts';
import { readMySqlError } from './mysql-errors.ts';
import { createMySqlStore } from './mysql-store.ts';

/**
 * MySQL 8 and MariaDB 10.6 or newer, for {@link createWriteHandler}. Takes a `Pool` of mysql2, or an object with a
 * `transaction()` as {@link TransactionOpener} has it, which must open it at READ COMMITTED.
 *
 * Give the handler a pool of its own: each connection is set to READ COMMITTED, a strict `sql_mode`, UTC and utf8mb4,
 * and stays so.
 *
 * The account needs `SELECT`, `INSERT`, `UPDATE` and `DELETE` on the tables that clients write to and on the handler's
 * own, which `sql/server/mysql.sql` creates.
 *
 * A date and time with a zone is stored in UTC, `tinyint(1)` and `bit(1)` are boolean. MariaDB has no JSON type: a
 * column is JSON if it was created as `json` (or has the check `json_valid(column)`), otherwise it is text.
 *
 * @throws TypeError if `client` is none of these.
 *
 * @example
 * ```ts
 * import { mysql } from 'powersync-backend-connector/server';
 * import { createPool } from 'mysql2/promise';
 *
 * export const database = mysql(createPool(process.env.DATABASE_URL ?? ''));
 * ```
 */
export function mysql(client: MySqlClient): Database {
  const open = openMySql(client);
  return {
    transaction: (limits, work) => open(limits, (query) => work(createMySqlStore(query))),
    readError: readMySqlError,
  };
}
