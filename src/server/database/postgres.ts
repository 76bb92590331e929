import type { Database } from './database.ts';
import { openPostgres, type PostgresClient } from './postgres-client.ts';
import { readPostgresError } from './postgres-errors.ts';
import { createPostgresStore } from './postgres-store.ts';

/**
 * Postgres, for {@link createWriteHandler}. Takes what you connect with: a `Pool` of `pg` or of Neon's serverless
 * driver, the `sql` of postgres.js, PGlite, or anything with a `transaction()` as {@link PostgresClient} has it.
 *
 * The role needs `SELECT`, `INSERT`, `UPDATE` and `DELETE` on the tables that clients write to and on the handler's
 * own, which `sql/server/postgres.sql` creates.
 *
 * @throws TypeError if `client` is none of these.
 *
 * @example
 * ```ts
 * import { postgres } from 'powersync-backend-connector/server';
 * import { Pool } from 'pg';
 *
 * export const database = postgres(new Pool({ connectionString: process.env.DATABASE_URL }));
 * ```
 */
export function postgres(client: PostgresClient): Database {
  const open = openPostgres(client);
  return {
    transaction: (limits, work) => open(limits, (query) => work(createPostgresStore(query))),
    readError: readPostgresError,
  };
}
