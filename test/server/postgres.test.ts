// What a write endpoint gets wrong on Postgres when several connections, locks, roles and outages come together.

import type { Pool, PoolClient } from 'pg';
import {
  createWriteHandler,
  postgres,
  type TransactionResult,
  type WriteHandlerOptions,
} from 'powersync-backend-connector/server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/client.ts';
import { POSTGRES_SQL } from './support/databases.ts';
import { findPostgres, type PostgresServer, startPostgres } from './support/postgres.ts';
import { POSTGRES_TABLES, uuid } from './support/schema.ts';

const ANN = { id: 'ann' };
const BOB = { id: 'bob' };

const MORE_TABLES = `
  create table rows (id text primary key, value integer not null default 0, owner_id text not null);
  create table swallowed (id text primary key, owner_id text not null);
  create function swallow() returns trigger language plpgsql as 'begin return null; end';
  create trigger swallow before insert on swallowed for each row execute function swallow();
  create table raising (id text primary key, owner_id text not null);
  create function raise() returns trigger language plpgsql as $$
    begin raise exception 'The shop is closed' using errcode = coalesce(nullif(new.id, ''), 'P0001'); end $$;
  create trigger raise before insert on raising for each row execute function raise();
  create table later (id text primary key, row_id text references rows deferrable initially deferred, owner_id text not null);

  create role app;
  create table notes (id text primary key, body text, owner_id text not null);
  alter table notes enable row level security;
  create policy see on notes for select using (true);
  create policy own on notes for update using (owner_id = current_setting('app.user', true));
  create policy add on notes for insert with check (owner_id = current_setting('app.user', true));
  create policy del on notes for delete using (owner_id = current_setting('app.user', true) and body <> 'keep');
  grant select, insert, update, delete on notes to app;
`;

let keys = 0;
const transaction = (...crud: object[]) => ({ idempotency_key: `key:${++keys}`, crud });
const put = (table: string, id: string, op_data: object = {}) => ({ op: 'PUT', table, id, op_data });
const patch = (table: string, id: string, op_data: object = {}) => ({ op: 'PATCH', table, id, op_data });
const remove = (table: string, id: string) => ({ op: 'DELETE', table, id });
const words = (results: readonly TransactionResult[]) =>
  results.map((result) =>
    result.status === 'fatal_error' ? result.failed_operation.error_code : result.status,
  );

describe.runIf(findPostgres())('Postgres', () => {
  let server: PostgresServer;
  let pool: Pool;
  const errors: unknown[] = [];

  beforeAll(async () => {
    server = await startPostgres();
    pool = server.pool();
    pool.on('error', () => {});
    await pool.query(POSTGRES_SQL + POSTGRES_TABLES + MORE_TABLES);
  });
  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  });
  beforeEach(async () => {
    errors.length = 0;
    await pool.query(
      'delete from powersync_write_results; delete from todos; delete from lists; delete from rows; delete from notes',
    );
  });

  function handler(
    tables: WriteHandlerOptions['tables'],
    more: Partial<WriteHandlerOptions> = {},
    from = pool,
  ) {
    return createWriteHandler({
      database: postgres(from),
      authenticate: () => ANN,
      tables,
      onError: (error) => errors.push(error),
      ...more,
    });
  }
  const ROWS = { rows: { columns: ['value'], owner: 'owner_id' } } as const;
  const LISTS = {
    lists: { columns: ['name'], owner: 'owner_id' },
    todos: { columns: ['list_id', 'description'], owner: 'owner_id', references: { list_id: 'lists' } },
  } as const;

  /** Runs statements in an open transaction of its own, until `release`. */
  async function open(
    ...statements: string[]
  ): Promise<{ client: PoolClient; release: () => Promise<void> }> {
    const client = await pool.connect();
    client.on('error', () => {});
    await client.query('begin');
    for (const statement of statements) await client.query(statement);
    return {
      client,
      async release() {
        await client.query('commit');
        client.release();
      },
    };
  }
  const waits = () =>
    waitFor(
      async () =>
        (await pool.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'")).rows.length > 0,
      { what: 'a statement to wait for a lock' },
    );

  it('eight writers on the same rows never meet a deadlock', async () => {
    const writes = handler(ROWS);
    await writes.apply(ANN, {
      transactions: [transaction(...Array.from({ length: 10 }, (_, i) => put('rows', `r${i}`)))],
    });
    let applied = 0;
    let seed = 7;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed;
    };
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 25; i++) {
          const ids = new Set<string>();
          while (ids.size < 4) ids.add(`r${random() % 10}`);
          const { results } = await writes.apply(ANN, {
            transactions: [transaction(...[...ids].map((id) => patch('rows', id, { value: i })))],
          });
          if (results[0]?.status === 'success') applied++;
        }
      }),
    );
    expect(applied).toBe(200);
    const { rows } = await pool.query(
      'select deadlocks from pg_stat_database where datname = current_database()',
    );
    expect(Number(rows[0].deadlocks)).toBe(0);
    expect(errors).toEqual([]);
  });

  it('a PATCH that waits for a row that is being replaced changes the new row', async () => {
    const writes = handler(ROWS);
    await writes.apply(ANN, { transactions: [transaction(put('rows', 'r1', { value: 1 }))] });
    const other = await open("delete from rows where id = 'r1'", "insert into rows values ('r1', 2, 'ann')");
    const patched = writes.apply(ANN, { transactions: [transaction(patch('rows', 'r1', { value: 3 }))] });
    await waits();
    await other.release();
    expect(words((await patched).results)).toEqual(['success']);
    expect((await pool.query('select value from rows')).rows).toEqual([{ value: 3 }]);
  });

  it('a PUT of a row that is being inserted by another device changes it', async () => {
    const writes = handler(ROWS);
    await writes.check();
    const other = await open("insert into rows values ('r1', 2, 'ann')");
    const both = writes.apply(ANN, { transactions: [transaction(put('rows', 'r1', { value: 3 }))] });
    await waits();
    await other.release();
    expect(words((await both).results)).toEqual(['success']);
    expect((await pool.query('select value from rows')).rows).toEqual([{ value: 3 }]);

    const bobs = await open("insert into rows values ('r2', 2, 'bob')");
    const refused = writes.apply(ANN, { transactions: [transaction(put('rows', 'r2', { value: 3 }))] });
    await waits();
    await bobs.release();
    expect(words((await refused).results)).toEqual(['UNAUTHORIZED']);
  });

  it('two uploads with one key at once are applied once', async () => {
    const writes = handler({ rows: { columns: ['value'], owner: 'owner_id' } });
    const upload = { transactions: [transaction(put('rows', 'r1', { value: 1 }))] };
    const answers = await Promise.all(Array.from({ length: 8 }, () => writes.apply(ANN, upload)));
    for (const { results } of answers) expect(words(results)).toEqual(['success']);
    const { rows } = await pool.query('select count(*)::int as n from powersync_write_results');
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('two requests that ask to judge a refusal again, at once: the write is applied once', async () => {
    let isClosed = true;
    const rules = { columns: ['value'], owner: 'owner_id', authorize: () => !isClosed };
    const upload = { transactions: [transaction(put('rows', 'r1', { value: 1 }))] };
    const again = { transactions: upload.transactions.map((each) => ({ ...each, judge_again: true })) };
    const writes = handler({ rows: rules });
    expect(words((await writes.apply(ANN, upload)).results)).toEqual(['UNAUTHORIZED']);
    isClosed = false;

    // The slow one has read the refusal. Before it goes on, the other one is applied, and the row is changed again.
    const inner = postgres(pool);
    const slow = handler(
      { rows: rules },
      {
        database: {
          ...inner,
          transaction: (limits, work) =>
            inner.transaction(limits, (store) =>
              work({
                ...store,
                async forgetRefusal(key) {
                  expect(words((await writes.apply(ANN, again)).results)).toEqual(['success']);
                  await pool.query("update rows set value = 2 where id = 'r1'");
                  await store.forgetRefusal(key);
                },
              }),
            ),
        },
      },
    );
    expect(words((await slow.apply(ANN, again)).results)).toEqual(['success']);
    expect((await pool.query('select value from rows')).rows).toEqual([{ value: 2 }]);
  });

  it('a rule sees what it decides on, under a lock: a list that is given away takes no todo of the old owner', async () => {
    const writes = handler(LISTS);
    await writes.apply(ANN, { transactions: [transaction(put('lists', 'l1', { name: 'x' }))] });
    const other = await open("update lists set owner_id = 'bob' where id = 'l1'");
    const late = writes.apply(ANN, { transactions: [transaction(put('todos', uuid(1), { list_id: 'l1' }))] });
    await waits();
    await other.release();
    expect(words((await late).results)).toEqual(['UNAUTHORIZED']);
    expect((await pool.query('select id from todos')).rows).toEqual([]);
  });

  it.each([
    ['a grant is missing', 'revoke insert on rows from worker', 'grant insert on rows to worker'],
    [
      'the database is read only',
      'alter role worker set default_transaction_read_only = on',
      'alter role worker reset all',
    ],
    [
      'the column was dropped',
      'alter table rows rename value to amount',
      'alter table rows rename amount to value',
    ],
    ['the table was dropped', 'alter table rows rename to old_rows', 'alter table old_rows rename to rows'],
    [
      'the table of results was dropped',
      'alter table powersync_write_results rename to x',
      'alter table x rename to powersync_write_results',
    ],
  ])('keeps good writes while %s', async (_, breaks, mends) => {
    await pool.query(`do $$ begin create role worker login; exception when duplicate_object then null; end $$;
      grant select, insert, update, delete on rows, powersync_write_results to worker`);
    const workers = server.pool({ user: 'worker', max: 1, idleTimeoutMillis: 1 });
    const writes = handler(ROWS, {}, workers);
    await writes.check();
    const upload = { transactions: [transaction(put('rows', 'r1', { value: 1 }))] };
    await pool.query(breaks);
    await new Promise((resolve) => setTimeout(resolve, 50)); // The idle connection ends, so a setting of the role counts.
    const [failed] = (await writes.apply(ANN, upload)).results;
    expect(failed).toEqual({
      status: 'retryable_error',
      message: 'The database could not take this write now',
    });
    await pool.query(mends);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(words((await writes.apply(ANN, upload)).results)).toEqual(['success']);
    await workers.end();
  });

  it('keeps a good write if a connection is refused with a code that otherwise means bad data (22023)', async () => {
    const misconfigured = server.pool({ options: '-c timezone=Nowhere' });
    let isBroken = false;
    const database = {
      ...postgres(pool),
      transaction: ((limits, work) => {
        const from = isBroken ? misconfigured : pool;
        isBroken = false;
        return postgres(from).transaction(limits, work);
      }) as ReturnType<typeof postgres>['transaction'],
    };
    const writes = handler(ROWS, { database });
    await writes.check();
    isBroken = true;
    const upload = { transactions: [transaction(put('rows', 'r1', { value: 1 }))] };
    expect(words((await writes.apply(ANN, upload)).results)).toEqual(['retryable_error']);
    expect(errors).toMatchObject([{ code: '22023' }]);
    expect(words((await writes.apply(ANN, upload)).results)).toEqual(['success']);
    await misconfigured.end();
  });

  it('is not ready where a table, a column, a unique id or a grant is missing, and says so', async () => {
    await pool.query(
      'create table loose (id text, owner_id text); create table hidden (id text primary key, owner_id text)',
    );
    await pool.query('create role nobody login; grant select on hidden to nobody');
    const nobody = server.pool({ user: 'nobody' });
    const rules = { columns: [], owner: 'owner_id' };
    const missing = handler({ nowhere: rules, rows: { ...rules, columns: ['gone'] }, loose: rules });
    await expect(missing.check()).rejects.toMatchObject({
      problems: [
        'There is no table "nowhere"',
        '"rows" has no column "gone"',
        '"loose" has no primary key or unique index on "id"',
      ],
    });
    await expect(handler({ hidden: rules }, {}, nobody).check()).rejects.toMatchObject({
      problems: ['The role may not select, insert, update and delete in "hidden"'],
    });
    await nobody.end();
    const answer = await missing.fetch(
      new Request('http://x/', { method: 'POST', body: '{"transactions":[{"crud":[]}]}' }),
    );
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await answer.json()).toEqual({
      error: { code: 'UNAVAILABLE', message: 'The server is not ready for writes' },
    });
  });

  it('a PUT that a trigger swallows is not called applied', async () => {
    const writes = handler({ swallowed: { columns: [], owner: 'owner_id' } });
    expect(
      words((await writes.apply(ANN, { transactions: [transaction(put('swallowed', 's1'))] })).results),
    ).toEqual(['UNAUTHORIZED']);
  });

  it("a trigger's own refusal is for the app to decide; its permission error is final", async () => {
    const writes = handler({ raising: { columns: [], owner: 'owner_id' } });
    const results = [];
    for (const id of ['P0001', '42501', '23514', 'XX000']) {
      results.push(...(await writes.apply(ANN, { transactions: [transaction(put('raising', id))] })).results);
    }
    expect(words(results)).toEqual(['RAISED', 'UNAUTHORIZED', 'CHECK_VIOLATION', 'retryable_error']);
    expect(results[0]).toMatchObject({ requires_client_handling: true, message: 'The shop is closed' });
  });

  it('a constraint that is checked at the end refuses the transaction', async () => {
    const writes = handler({ later: { columns: ['row_id'], owner: 'owner_id' } });
    const [result] = (
      await writes.apply(ANN, { transactions: [transaction(put('later', 'x', { row_id: 'none' }))] })
    ).results;
    expect(words([result as TransactionResult])).toEqual(['FOREIGN_KEY_VIOLATION']);
  });

  it('policies of the database hold, and what they forbid is refused', async () => {
    const writes = handler(
      { notes: { columns: ['body', 'owner_id'], authorize: () => true } },
      { session: ({ user }) => ({ role: 'app', 'app.user': user.id }) },
    );
    const apply = async (user: { id: string }, entry: object) =>
      words((await writes.apply(user, { transactions: [transaction(entry)] })).results)[0];
    expect(await apply(ANN, put('notes', 'n1', { body: 'x', owner_id: 'ann' }))).toBe('success');
    expect(await apply(ANN, put('notes', 'n2', { body: 'x', owner_id: 'bob' }))).toBe('UNAUTHORIZED');
    expect(await apply(BOB, patch('notes', 'n1', { body: 'y' }))).toBe('UNAUTHORIZED');
    expect(await apply(BOB, put('notes', 'n1', { body: 'y', owner_id: 'bob' }))).toBe('UNAUTHORIZED');
    expect(await apply(BOB, remove('notes', 'n1'))).toBe('UNAUTHORIZED');
    expect(await apply(ANN, patch('notes', 'n1', { body: 'keep' }))).toBe('success');
    expect(await apply(ANN, remove('notes', 'n1'))).toBe('UNAUTHORIZED');
    expect(await apply(ANN, patch('notes', 'n1', { body: 'go' }))).toBe('success');
    expect(await apply(ANN, remove('notes', 'n1'))).toBe('success');
    expect((await pool.query('select current_user')).rows).toEqual([{ current_user: 'postgres' }]);
  });

  it('waits for a lock, a statement and a connection only so long, and keeps the write', async () => {
    const small = server.pool({ max: 1 });
    const writes = handler(ROWS, { timeouts: { connect: 300, lock: 200, statement: 400 } }, small);
    await writes.apply(ANN, { transactions: [transaction(put('rows', 'r1', { value: 1 }))] });
    const other = await open("update rows set value = 2 where id = 'r1'");
    const upload = { transactions: [transaction(patch('rows', 'r1', { value: 3 }))] };
    expect(words((await writes.apply(ANN, upload)).results)).toEqual(['retryable_error']);
    await other.release();

    const busy = await small.connect();
    expect(words((await writes.apply(ANN, upload)).results)).toEqual(['retryable_error']);
    busy.release();
    await waitFor(async () => small.idleCount === 1, { what: 'the late connection to be given back' });
    expect(words((await writes.apply(ANN, upload)).results)).toEqual(['success']);
    await small.end();
  });

  it('a rule that answers after the limit writes nothing with a connection that others use by then', async () => {
    const small = server.pool({ max: 1 });
    let answer: (isAllowed: boolean) => void = () => {};
    const late = new Promise<boolean>((resolve) => {
      answer = resolve;
    });
    const rules = { columns: ['value'], owner: 'owner_id', authorize: () => late };
    const writes = handler({ rows: rules }, { timeouts: { request: 300 } }, small);
    await writes.check();
    const upload = { transactions: [transaction(put('rows', 'r1', { value: 1 }))] };
    expect(words((await writes.apply(ANN, upload)).results)).toEqual(['retryable_error']);
    answer(true);
    // Behind anything that it might still send.
    for (let i = 0; i < 5; i++) await small.query('select 1');
    expect((await pool.query('select id from rows')).rows).toEqual([]);
    expect((await pool.query('select key from powersync_write_results')).rows).toEqual([]);
    await small.end();
  });

  it('lives on when connections are lost, idle or in use, and keeps the write', async () => {
    const own = server.pool({ max: 2, application_name: 'victim' });
    const writes = handler(ROWS, {}, own);
    await writes.apply(ANN, { transactions: [transaction(put('rows', 'r1', { value: 1 }))] });
    const kill = () =>
      pool.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim'");
    await kill();
    const upload = { transactions: [transaction(patch('rows', 'r1', { value: 3 }))] };
    await waitFor(async () => words((await writes.apply(ANN, upload)).results)[0] === 'success', {
      what: 'a new connection',
    });

    const other = await open("update rows set value = 2 where id = 'r1'");
    const second = { transactions: [transaction(patch('rows', 'r1', { value: 4 }))] };
    const lost = writes.apply(ANN, second);
    await waits();
    await kill();
    expect(words((await lost).results)).toEqual(['retryable_error']);
    await other.release();
    expect(words((await writes.apply(ANN, second)).results)).toEqual(['success']);
    expect((await pool.query('select value from rows')).rows).toEqual([{ value: 4 }]);
    await own.end();
  });

  it('Postgres crashes and comes back in the middle of uploads: each write is applied once', async () => {
    const own = server.pool({ max: 4 });
    const writes = handler(
      { rows: { columns: ['value'], owner: 'owner_id' } },
      { timeouts: { connect: 1000 } },
      own,
    );
    await pool.query('create table if not exists log (row_id text, value int)');
    await pool.query(`create or replace function log() returns trigger language plpgsql as
      'begin insert into log values (new.id, new.value); return null; end';
      create or replace trigger log after insert or update on rows for each row execute function log()`);
    const upload = async (id: string, value: number) => {
      const body = { transactions: [transaction(put('rows', id, { value }))] };
      await waitFor(async () => words((await writes.apply(ANN, body)).results)[0] === 'success', {
        what: `${id} ${value}`,
      });
    };
    const writers = ['a', 'b', 'c'].map(async (id) => {
      for (let value = 1; value <= 40; value++) await upload(id, value);
    });
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      await server.crash();
      await server.start();
    }
    await Promise.all(writers);
    const { rows } = await pool.query(
      'select row_id, array_agg(value) as values from log group by row_id order by row_id',
    );
    const expected = Array.from({ length: 40 }, (_, i) => i + 1);
    expect(rows).toEqual(['a', 'b', 'c'].map((row_id) => ({ row_id, values: expected })));
    await own.end();
  });
});
