// The example backend with a real Postgres, through `pg`. (../../backend/server.ts uses an embedded one.)
//
//   npm install --no-save pg && DATABASE_URL=postgresql://… node examples/web-todo/real-service/backend.ts

import { serve } from '@hono/node-server';
import { createApp } from '../../backend/app.ts';
import { type Database, type Queryable, readWritableTables } from '../../backend/database.ts';
import { forgetOldKeys } from '../../backend/idempotency.ts';
import { SCHEMA, WRITABLE_TABLES } from '../../backend/schema.ts';
import { createTokens } from '../../backend/tokens.ts';

/** The part of `pg` that is used here, because this repository doesn't depend on `pg`. */
interface Pool extends Queryable {
  connect(): Promise<Queryable & { release(isBroken?: boolean): void }>;
}

const { DATABASE_URL: connectionString, POWERSYNC_URL = '', PORT = '6060' } = process.env;
const { Pool } = (await import('pg' as string)) as { Pool: new (options: object) => Pool };
const database = postgres(new Pool({ connectionString }));

await database.query(SCHEMA);
await database.query(`do $$ begin
  create publication powersync for table ${WRITABLE_TABLES.join(', ')}; -- what the PowerSync Service reads
exception when duplicate_object then null; end $$`);
await forgetOldKeys(database);

const [tables, tokens] = await Promise.all([readWritableTables(database, WRITABLE_TABLES), createTokens()]);
const log = console.error;
const app = createApp({ database, tables, tokens, log, powersyncUrl: () => POWERSYNC_URL });
serve({ fetch: app.fetch, port: Number(PORT) }, ({ port }) => console.log(`Backend on port ${port}`));

function postgres(pool: Pool): Database {
  return {
    query: (sql, parameters) => pool.query(sql, parameters),
    async transaction(work) {
      const client = await pool.connect();
      let isBroken = false;
      try {
        await client.query('begin');
        const result = await work(client);
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch(() => {
          isBroken = true;
        });
        throw error;
      } finally {
        client.release(isBroken);
      }
    },
  };
}
