// Attacks on what docs/guide/server.md promises. Each of them once succeeded, or was tried.

import type { Pool } from 'pg';
import {
  createWriteHandler,
  postgres,
  type TransactionResult,
  WriteRefused,
} from 'powersync-backend-connector/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { POSTGRES_SQL } from './support/databases.ts';
import { findPostgres, type PostgresServer, startPostgres } from './support/postgres.ts';
import { POSTGRES_TABLES, uuid } from './support/schema.ts';

const ANN = { id: 'ann' };
let keys = 0;
const transaction = (...crud: object[]) => ({ idempotency_key: `key:${++keys}`, crud });
const entry = (op: string, table: string, id: string, op_data?: object) => ({ op, table, id, op_data });
const words = (results: readonly TransactionResult[]) =>
  results.map((r) => (r.status === 'fatal_error' ? r.failed_operation.error_code : r.status));

const TABLES = {
  lists: { columns: ['name'], owner: 'owner_id' },
  todos: {
    columns: ['list_id', 'description', 'completed', 'count', 'version', 'meta', 'price', 'ratio', 'code'],
    owner: 'owner_id',
    references: { list_id: 'lists' },
  },
};

describe.runIf(findPostgres())('attacks', () => {
  let server: PostgresServer;
  let pool: Pool;
  beforeAll(async () => {
    server = await startPostgres();
    pool = server.pool();
    pool.on('error', () => {});
    await pool.query(`${POSTGRES_SQL}${POSTGRES_TABLES}
      create table numbered (id text primary key, name text, owner_id integer not null);
      create table owned (id text primary key, name text, owner_id uuid not null);
      create table flags (id text primary key, done boolean not null default false, note text, owner_id text not null);
      create table padded (id text primary key, c char(5), owner_id text not null);`);
  });
  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  });
  // biome-ignore lint/suspicious/noExplicitAny: wrong options are part of the attacks.
  const handler = (tables: any = TABLES, more: any = {}) =>
    createWriteHandler({
      database: postgres(pool),
      authenticate: () => ANN,
      tables,
      onError: () => {},
      ...more,
    });
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  const send = async (h: any, user: object, ...crud: object[]) =>
    words((await h.apply(user, { transactions: [transaction(...crud)] })).results);

  // The app deletes a list, then its todos, in one local transaction. The cascade has deleted the todos already.
  it.each(['DELETE', 'PATCH'])(
    'a %s behind the cascade of the same transaction is no refusal',
    async (op) => {
      const h = handler();
      const id = uuid(op === 'DELETE' ? 1 : 2);
      await send(
        h,
        ANN,
        entry('PUT', 'lists', op, { name: 'a' }),
        entry('PUT', 'todos', id, { list_id: op }),
      );
      expect(
        await send(
          h,
          ANN,
          entry('DELETE', 'lists', op),
          entry(op, 'todos', id, op === 'PATCH' ? { count: 1 } : undefined),
        ),
      ).toEqual(['success']);
    },
  );

  // The same, and the app puts the row back: the cascade deleted what the handler believes to be there.
  it('a PUT behind the cascade of the same transaction inserts', async () => {
    const h = handler();
    await send(
      h,
      ANN,
      entry('PUT', 'lists', 'c1', { name: 'a' }),
      entry('PUT', 'todos', uuid(3), { list_id: 'c1' }),
    );
    expect(
      await send(h, ANN, entry('DELETE', 'lists', 'c1'), entry('PUT', 'todos', uuid(3), { count: 1 })),
    ).toEqual(['success']);
  });

  // A user's number as text, and an integer column: the first write passes, each later one would be "not yours".
  it('the owner may change the row again if the owner column is an integer', async () => {
    const h = handler({ numbered: { columns: ['name'], owner: 'owner_id' } });
    const user = { id: '5' };
    expect(await send(h, user, entry('PUT', 'numbered', 'n', { name: 'a' }))).toEqual(['success']);
    expect(await send(h, user, entry('PATCH', 'numbered', 'n', { name: 'b' }))).toEqual(['success']);
  });
  it('the owner may change the row again if their id is an upper-case UUID', async () => {
    const h = handler({ owned: { columns: ['name'], owner: 'owner_id' } });
    const user = { id: 'AAAAAAAA-0000-4000-8000-000000000001' };
    expect(await send(h, user, entry('PUT', 'owned', 'n', { name: 'a' }))).toEqual(['success']);
    expect(await send(h, user, entry('PATCH', 'owned', 'n', { name: 'b' }))).toEqual(['success']);
  });

  // The rule of the page, `stored.completed === false`: the default isn't in the row that was just inserted.
  it('a rule sees the defaults of a row of the same transaction', async () => {
    const seen: unknown[] = [];
    const h = handler({
      flags: {
        columns: ['note', 'done'],
        owner: 'owner_id',
        authorize: ({ op, stored }: { op: string; stored: { done: unknown } | null }) => {
          if (op === 'PATCH') seen.push(stored?.done);
          return true;
        },
      },
    });
    await send(
      h,
      ANN,
      entry('PUT', 'flags', 'f', { note: 'a' }),
      entry('PATCH', 'flags', 'f', { note: 'b' }),
    );
    expect(seen).toEqual([false]);
  });

  // Refused for A; the rule now says B; the client asks to judge anew.
  it('judge_again answers with the new refusal', async () => {
    let code = 'A';
    const h = handler({
      lists: {
        columns: ['name'],
        authorize: () => {
          throw new WriteRefused(code, code);
        },
      },
    });
    const t = transaction(entry('PUT', 'lists', 'j', { name: 'a' }));
    expect(words((await h.apply(ANN, { transactions: [t] })).results)).toEqual(['A']);
    code = 'B';
    expect(words((await h.apply(ANN, { transactions: [{ ...t, judge_again: true }] })).results)).toEqual([
      'B',
    ]);
  });

  // An async hook that fails must not end the process.
  it('a hook that rejects does not reach unhandledRejection', async () => {
    const unhandled: unknown[] = [];
    const before = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (error) => unhandled.push(error));
    try {
      const h = handler(TABLES, { onApplied: async () => Promise.reject(new Error('hook')) });
      await send(h, ANN, entry('PUT', 'lists', 'h', { name: 'a' }));
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of before) process.on('unhandledRejection', listener);
    }
    expect(unhandled).toEqual([]);
  });

  // A logger that throws: the write is still answered.
  it('an onError that throws changes no answer', async () => {
    const h = handler(
      { lists: { columns: ['name'], authorize: () => Promise.reject(new Error('bug')) } },
      {
        onError: () => {
          throw new Error('logger');
        },
      },
    );
    expect(await send(h, ANN, entry('PUT', 'lists', 'e', { name: 'a' }))).toEqual(['retryable_error']);
  });

  // The rule asks a service that never answers: the request ends, and the connection and locks come back.
  it('a rule that never resolves does not hold the request for ever', async () => {
    const small = server.pool({ max: 1 });
    small.on('error', () => {});
    const h = handler(
      { lists: { columns: ['name'], authorize: () => new Promise(() => {}) } },
      { database: postgres(small), timeouts: { connect: 300, lock: 300, statement: 300, request: 300 } },
    );
    const late = new Promise((resolve) => setTimeout(() => resolve('never'), 4000));
    const first = send(h, ANN, entry('PUT', 'lists', 'w', { name: 'a' }));
    first.catch(() => {});
    expect(await Promise.race([first, late])).toEqual(['retryable_error']);
  });

  it.each([
    ['ratio', Number.POSITIVE_INFINITY],
    ['ratio', Number.NaN],
    ['price', 'Infinity'],
  ])('%s = %s is refused, not stored as something else', async (column, value) => {
    expect(
      await send(handler(), ANN, entry('PUT', 'todos', uuid(100 + ++keys), { [column]: value })),
    ).toEqual(['INVALID_DATA']);
  });

  // Settings of a promise are none: the role and the claims would not be set, and policies not hold.
  it('an async session is not taken for no settings', async () => {
    const h = handler(TABLES, { session: async () => ({ role: 'nobody_like_this' }) });
    expect(
      await send(h, ANN, entry('PUT', 'lists', 's', { name: 'a' })).catch(() => ['refused']),
    ).not.toEqual(['success']);
  });

  it.each([
    ['onMissingRow', TABLES, { onMissingRow: 'reject' }],
    ['onFatalError', TABLES, { onFatalError: 'continue' }],
    ['a conflict that is no function', { lists: { ...TABLES.lists, conflict: 'byVersion' } }, {}],
    ['authorize that is no function', { lists: { ...TABLES.lists, authorize: true } }, {}],
    ['hook that is no function', TABLES, { onApplied: 1 }],
  ])('a wrong option is seen: %s', async (_, tables, more) => {
    await expect((async () => handler(tables, more).check())()).rejects.toThrow();
  });

  it('refuses text that is too long, and a reference of a column that is not there', async () => {
    expect(await send(handler(), ANN, entry('PUT', 'todos', uuid(99), { code: '1234567' }))).toEqual([
      'INVALID_DATA',
    ]);
    const wrong = handler({ ...TABLES, todos: { ...TABLES.todos, references: { lisd_id: 'lists' } } });
    await expect(wrong.check()).rejects.toThrow();
  });

  // Others' rows through references, and back and forth in one transaction.
  it("does not let a todo into another user's list", async () => {
    const h = handler();
    await send(h, { id: 'bob' }, entry('PUT', 'lists', 'bobs', { name: 'b' }));
    expect(await send(h, ANN, entry('PUT', 'todos', uuid(50), { list_id: 'bobs' }))).toEqual([
      'UNAUTHORIZED',
    ]);
    expect(
      await send(h, ANN, entry('DELETE', 'lists', 'bobs'), entry('PUT', 'lists', 'bobs', { name: 'x' })),
    ).toEqual(['UNAUTHORIZED']);
    expect(
      await send(
        h,
        ANN,
        entry('PUT', 'lists', 'pd', { name: 'x' }),
        entry('DELETE', 'lists', 'pd'),
        entry('PUT', 'todos', uuid(51), { list_id: 'pd' }),
      ),
    ).toEqual(['FOREIGN_KEY_VIOLATION']);
    expect(
      await send(
        h,
        ANN,
        entry('PUT', 'lists', 'r', { name: 'x' }),
        entry('DELETE', 'lists', 'r'),
        entry('PUT', 'lists', 'r', { name: 'y' }),
      ),
    ).toEqual(['success']);
  });
});
