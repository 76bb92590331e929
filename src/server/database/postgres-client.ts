import { hasMethod, type Open, type Query, queryOf, type TransactionOpener } from './client.ts';
import type { Limits } from './database.ts';
import { within } from './within.ts';

/** What `postgres()` connects with. */
export type PostgresClient = PgPool | PostgresJs | TransactionOpener;

/** The `Pool` of `pg`, `@neondatabase/serverless` or `@vercel/postgres`. */
export interface PgPool {
  connect(): Promise<PgConnection>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

export interface PgConnection {
  query(
    sql: string,
    parameters?: unknown[],
  ): Promise<{ rows: Record<string, unknown>[]; rowCount?: number | null; command?: string }>;
  release(broken?: boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}

/** The `sql` function of postgres.js. */
export interface PostgresJs {
  begin<Result>(options: string, work: (sql: PostgresJsTransaction) => Promise<Result>): Promise<unknown>;
}

export interface PostgresJsTransaction {
  unsafe(
    sql: string,
    parameters?: never[],
  ): PromiseLike<Record<string, unknown>[] & { count?: number | null }>;
}

/** Returns the function that opens a transaction with a client. */
export function openPostgres(client: PostgresClient): Open {
  if (hasMethod(client, 'begin')) return (limits, work) => withPostgresJs(client as PostgresJs, limits, work);
  if (hasMethod(client, 'transaction'))
    return (limits, work) => withOpener(client as TransactionOpener, limits, work);
  if (hasMethod(client, 'connect')) return withPool(client as PgPool);
  throw new TypeError(
    'postgres(): takes a Pool of pg, the sql of postgres.js, PGlite, or an object with a transaction() method',
  );
}

/** Pools that have a listener. */
const heard = new WeakSet<PgPool>();

function withPool(pool: PgPool): Open {
  // Without a listener, an idle connection that is lost (Postgres restarts) ends the process.
  if (!heard.has(pool)) pool.on('error', () => {});
  heard.add(pool);

  return async (limits, work) => {
    const connection = await within(limits.connectMs, pool.connect(), (late) => late.release());
    // pg takes its own listener away while the connection is in use.
    let broken = false;
    const onError = (): void => {
      broken = true;
    };
    connection.on('error', onError);
    const query: Query = async (sql, parameters) => {
      const { rows, rowCount } = await connection.query(sql, parameters as unknown[] | undefined);
      return { rows, count: rowCount ?? 0 };
    };
    try {
      await connection.query(`begin isolation level read committed; ${settings(limits).join('; ')}`);
      const result = await work(query);
      const { command } = await connection.query('commit');
      if (command === 'ROLLBACK')
        throw new Error('Postgres rolled the transaction back instead of committing it');
      return result;
    } catch (error) {
      // If the rollback fails too, the connection's state isn't known, so it isn't used again.
      await connection.query('rollback').catch(onError);
      throw error;
    } finally {
      connection.removeListener('error', onError);
      connection.release(broken);
    }
  };
}

async function withPostgresJs<Result>(
  client: PostgresJs,
  limits: Limits,
  work: (query: Query) => Promise<Result>,
): Promise<Result> {
  let started: () => void = () => {};
  const start = new Promise<void>((resolve) => {
    started = resolve;
  });
  const begun = client.begin('isolation level read committed', async (transaction) => {
    started();
    await transaction.unsafe(settings(limits).join('; '));
    return work(async (sql, parameters = []) => {
      const rows = await transaction.unsafe(sql, parameters as unknown as never[]);
      return { rows, count: rows.count ?? 0 };
    });
  });
  await within(limits.connectMs, Promise.race([start, begun]));
  return (await begun) as Result;
}

async function withOpener<Result>(
  client: TransactionOpener,
  limits: Limits,
  work: (query: Query) => Promise<Result>,
): Promise<Result> {
  return client.transaction(async (transaction) => {
    const query = queryOf(transaction);
    const pairs = settings(limits).map((each) => /^set local (\w+) = '(.*)'$/.exec(each) as RegExpExecArray);
    await query(
      `select ${pairs.map(([, name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`)}`,
    );
    return work(query);
  });
}

/** What holds for the transaction only. Dates and times are read and shown in ISO form and in UTC. */
function settings({ lockMs, statementMs }: Limits): string[] {
  return [
    `set local lock_timeout = '${Math.ceil(lockMs)}'`,
    `set local statement_timeout = '${Math.ceil(statementMs)}'`,
    "set local timezone = 'UTC'",
    "set local datestyle = 'ISO, YMD'",
    "set local intervalstyle = 'iso_8601'",
    "set local bytea_output = 'hex'",
  ];
}
