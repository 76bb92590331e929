import { UploadError, type UploadTransaction } from 'powersync-backend-connector';
import { graphql, UPLOAD_MUTATION } from 'powersync-backend-connector/graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../examples/backend/database.ts';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import { context, failureOf } from '../http/support.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { entry, lists, transactionOf } from './support.ts';

let database: Awaited<ReturnType<typeof openDatabase>>;
let backend: Backend;
let proxy: FaultyProxy;
const logged: unknown[] = [];

beforeAll(async () => {
  database = await openDatabase();
  backend = await startBackend({ database, log: (error) => logged.push(error) });
  proxy = await startFaultyProxy(backend.url);
});
afterAll(async () => {
  await proxy.close();
  await backend.close();
  await database.close();
});

let users = 0;

/** A user nobody else is, who uploads through the proxy. */
function newUser(options: Partial<Parameters<typeof graphql>[0]> = {}) {
  const id = `user-${++users}`;
  const transport = graphql({ url: `${proxy.url}/graphql`, ...options });
  const token = () => backend.issueToken(id);
  return {
    id,
    upload: (transactions: readonly UploadTransaction[], changes = {}) =>
      transport({ transactions }, context({ token, ...changes })),
    rows: async () => (await backend.snapshot(id)).lists ?? [],
    /** Bodies of what this user sent. */
    sent: () => proxy.requests.map(({ body }) => body).filter((body) => body.includes(`"${id}/`)),
  };
}

describe('one mutation for a batch, against graphql-yoga on Postgres', () => {
  it('applies whole transactions in order, with every op', async () => {
    const user = newUser();
    const row = (name: string) => `${user.id}/${name}`;
    const outcomes = await user.upload([
      transactionOf(
        entry({ id: row('a'), opData: { name: 'a' } }),
        entry({ id: row('b'), opData: { name: 'b' } }),
      ),
      transactionOf(
        entry({
          op: 'PATCH',
          id: row('a'),
          opData: { name: 'A' },
          previousValues: { name: 'a' },
          metadata: 'note',
        }),
      ),
      transactionOf(entry({ op: 'DELETE', id: row('b') })),
    ]);
    expect(outcomes).toEqual(Array(3).fill({ status: 'applied' }));
    expect(await user.rows()).toEqual([{ id: row('a'), name: 'A', owner_id: user.id }]);
  });

  it('is one request, whose text is a constant: names, ids and values are in the variables only', async () => {
    const user = newUser();
    const id = `${user.id}/") { __schema } } #\n\u2028`;
    await user.upload([transactionOf(entry({ id, opData: { name: '"}){x}' } }))]);
    const [body, ...others] = user.sent();
    expect(others).toEqual([]);
    const { query, variables } = JSON.parse(body ?? '');
    expect(query).toBe(UPLOAD_MUTATION);
    expect(variables.transactions[0].crud[0].id).toBe(id);
    expect(await user.rows()).toEqual([{ id, name: '"}){x}', owner_id: user.id }]);
  });

  it('a table whose name is a piece of GraphQL is another name, and nothing more', async () => {
    const user = newUser();
    const table = 'lists") { status } } mutation {';
    const [outcome] = await user.upload([transactionOf(entry({ table, id: `${user.id}/x` }))]);
    expect(outcome).toMatchObject({ status: 'rejected', error: { code: 'schema_mismatch' } });
  });

  it('a replay is answered as applied and not executed', async () => {
    const user = newUser();
    const transactions = lists(user.id, 'a', 'b');
    await user.upload(transactions);
    const before = backend.executions();
    expect(await user.upload(transactions)).toEqual([{ status: 'applied' }, { status: 'applied' }]);
    expect(backend.executions()).toBe(before);
  });

  it('an answer that got lost after the commit: kept, and applied once', async () => {
    const user = newUser();
    const [before, transactions] = [backend.executions(), lists(user.id, 'a')];
    proxy.dropNextReply();
    expect((await failureOf(user.upload(transactions))).code).toBe('network');
    expect(await user.upload(transactions)).toEqual([{ status: 'applied' }]);
    expect(backend.executions()).toBe(before + 1);
  });

  it('what is behind a refused transaction is not attempted', async () => {
    const user = newUser();
    expect(await user.upload(lists(user.id, 'a', null, 'c'))).toMatchObject([
      { status: 'applied' },
      {
        status: 'rejected',
        error: { code: 'invalid' },
        entryIndex: 0,
        needsDecision: false,
        details: { error_code: 'NOT_NULL_VIOLATION', details: { column: 'name' } },
      },
      { status: 'not_attempted' },
    ]);
  });

  it("another user's row is forbidden", async () => {
    const [ada, bob] = [newUser(), newUser()];
    await ada.upload(lists(ada.id, 'hers'));
    const [outcome] = await bob.upload([
      transactionOf(entry({ op: 'PATCH', id: `${ada.id}/0`, opData: { name: 'his' } })),
    ]);
    expect(outcome).toMatchObject({ status: 'rejected', error: { code: 'forbidden' } });
    expect(await ada.rows()).toMatchObject([{ name: 'hers' }]);
  });

  it('a database that can not now is tried again', async () => {
    await backend.query(`create function busy() returns trigger language plpgsql as
      $$ begin raise exception 'busy' using errcode = '40001'; end $$`);
    await backend.query(
      `create trigger busy before insert on lists for each row when (new.name = 'busy') execute function busy()`,
    );
    const user = newUser();
    expect(await user.upload(lists(user.id, 'a', 'busy', 'c'))).toMatchObject([
      { status: 'applied' },
      { status: 'retry', error: { code: 'unavailable' } },
      { status: 'not_attempted' },
    ]);
  });

  it('values of every JSON type arrive as they are', async () => {
    const user = newUser();
    await user.upload([
      transactionOf(
        entry({ id: `${user.id}/l`, opData: { name: '👩‍👩‍👧‍👦 "q" \\ \n' } }),
        entry({
          table: 'todos',
          id: `${user.id}/t`,
          opData: { list_id: `${user.id}/l`, description: 'd', completed: 1 },
        }),
      ),
    ]);
    expect(await backend.snapshot(user.id)).toMatchObject({
      lists: [{ name: '👩‍👩‍👧‍👦 "q" \\ \n' }],
      todos: [{ completed: 1 }],
    });
  });

  it('takes 50 transactions at most, and less where maxTransactions or maxBodyBytes says so', async () => {
    const user = newUser();
    const outcomes = await user.upload(lists(user.id, ...Array(51).fill('x')));
    expect(outcomes.map(({ status }) => status)).toEqual([...Array(50).fill('applied'), 'not_attempted']);
    const few = newUser({ maxTransactions: 2 });
    await few.upload(lists(few.id, 'x', 'y', 'z'));
    expect(JSON.parse(few.sent()[0] ?? '').variables.transactions).toHaveLength(2);
    const careful = newUser({ maxBodyBytes: 2_000 });
    const cut = await careful.upload(lists(careful.id, ...Array(30).fill('x')));
    const [body = ''] = careful.sent();
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(2_000);
    expect(JSON.parse(body).variables.transactions).toHaveLength(
      cut.filter(({ status }) => status === 'applied').length,
    );
  });

  it('too_large: a body above the limit of the server', async () => {
    const user = newUser({ maxBodyBytes: 1_000_000 });
    const failure = await failureOf(user.upload(lists(user.id, 'x'.repeat(200_000))));
    expect(failure).toMatchObject({ code: 'too_large', status: 413 });
  });

  it('unauthenticated: a token that is not valid, and nothing is written', async () => {
    const user = newUser();
    const failure = await failureOf(user.upload(lists(user.id, 'a'), { token: async () => 'a.b.c' }));
    expect(failure).toMatchObject({ code: 'unauthenticated', status: 401 });
    expect(await user.rows()).toEqual([]);
  });

  it('an upload that the resolver refuses as a whole: bisected, and rejected alone', async () => {
    const user = newUser();
    const [good, bad] = lists(user.id, 'a', 'b');
    const odd = { ...(bad as UploadTransaction), key: 'a key with spaces' };
    expect((await failureOf(user.upload([good as UploadTransaction, odd]))).code).toBe('invalid');
    expect(await user.upload([odd])).toMatchObject([
      {
        status: 'rejected',
        inBand: false,
        error: { code: 'invalid' },
        details: { extensions: { code: 'BAD_USER_INPUT' } },
      },
    ]);
  });

  it('an entry the schema has no room for is held, not rejected: the app is newer than the server', async () => {
    const user = newUser();
    const failure = await failureOf(user.upload([transactionOf(entry({ op: 'MERGE', id: `${user.id}/x` }))]));
    expect(failure).toMatchObject({ code: 'schema_mismatch', status: 400 });
  });
});

describe('what a request carries', () => {
  it('asks for the newer form of answers, and is JSON, which servers that guard against CSRF insist on', async () => {
    const user = newUser({ headers: { 'Content-Type': 'text/plain', 'x-app-version': '1.4.0' } });
    expect(await user.upload(lists(user.id, 'a'))).toEqual([{ status: 'applied' }]);
    const { headers, method } = proxy.requests[proxy.requests.length - 1] ?? {};
    expect(method).toBe('POST');
    expect(headers).toMatchObject({
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      'x-app-version': '1.4.0',
      authorization: expect.stringMatching(/^Bearer /),
    });
  });

  it('headers by a function, asked for each request', async () => {
    let asked = 0;
    const user = newUser({ headers: ({ clientId }) => ({ 'x-count': `${clientId}-${++asked}` }) });
    for (const name of ['a', 'b']) await user.upload(lists(`${user.id}/${name}`, name));
    expect(proxy.requests.slice(-2).map(({ headers }) => headers['x-count'])).toEqual([
      'client-1',
      'client-2',
    ]);
  });

  it('a header with a line break: nothing is sent, and nothing is lost', async () => {
    const user = newUser({ headers: { 'x-note': 'one\r\ntwo: three' } });
    expect((await failureOf(user.upload(lists(user.id, 'a')))).code).toBe('misconfigured');
    expect(user.sent()).toEqual([]);
  });

  it('without a token, nothing is sent', async () => {
    const user = newUser();
    const delivery = user.upload(lists(user.id, 'a'), { token: async () => undefined });
    expect((await failureOf(delivery)).code).toBe('unauthenticated');
    expect(user.sent()).toEqual([]);
  });

  it('ends at once when it is aborted', async () => {
    const user = newUser();
    const controller = new AbortController();
    proxy.hangNext();
    const delivery = failureOf(user.upload(lists(user.id, 'a'), { signal: controller.signal }));
    await expect.poll(() => user.sent()).toHaveLength(1);
    controller.abort();
    expect((await delivery).code).toBe('aborted');
  });
});

describe('what the example backend says of itself', () => {
  it('nothing of an upload is logged as an accident', () => {
    const accidents = logged.filter((each) => !(each instanceof Error && each.message === 'busy'));
    expect(accidents.map(UploadError.from)).toEqual([]);
  });
});
