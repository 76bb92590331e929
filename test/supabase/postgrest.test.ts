import { PostgrestClient } from '@supabase/postgrest-js';
import { type Outcome, UploadError } from 'powersync-backend-connector';
import { postgrest } from 'powersync-backend-connector/supabase';
import { describe, expect, it } from 'vitest';
import {
  CLIENTS,
  client,
  context,
  each,
  entry,
  everythingIn,
  failureOf,
  summary,
  together,
  tokenOf,
  transaction,
  UUIDS,
  worldOfTests,
} from './support.ts';

// PostgREST is a stand-in over real Postgres (test/support/postgrest-stand-in.ts); the clients are the real ones.

const world = worldOfTests();
const ada = context({ token: async () => tokenOf('ada') });
const transport = () => postgrest({ client: client(world.current.standIn.url) });
const requests = () => world.current.standIn.requests;
const seen = () => requests().map(({ method, path }) => `${method} ${path}`);

describe.each(Object.entries(CLIENTS))('%s', (_, createClient) => {
  const send = (batch: Parameters<ReturnType<typeof postgrest>>[0]) =>
    postgrest({ client: createClient(world.current.standIn.url) })(batch, ada);

  it('writes inserts, updates and deletes to their tables, in the name of the signed-in user', async () => {
    const outcomes = await send(
      each(
        entry('PUT', 'lists', 'l1', { name: 'Home' }),
        entry('PUT', 'lists', 'l2', { name: 'Work' }),
        entry('PUT', 'todos', 't1', { list_id: 'l1', description: 'Milk' }),
        entry('PATCH', 'todos', 't1', { description: 'Oat milk', completed: 1 }),
        entry('DELETE', 'lists', 'l2'),
      ),
    );
    expect(summary(outcomes)).toEqual(Array(5).fill('applied'));
    expect(await world.current.rows('select id, name, owner_id from lists')).toEqual([
      { id: 'l1', name: 'Home', owner_id: 'ada' },
    ]);
    expect(await world.current.rows('select * from todos')).toEqual([
      { id: 't1', list_id: 'l1', description: 'Oat milk', completed: 1, owner_id: 'ada' },
    ]);
  });

  it("sends the token of the connector's credentials, whatever the client would send", async () => {
    await send(each(entry('PUT', 'lists', 'l1', { name: 'Home' })));
    expect(requests().map(({ headers }) => headers.authorization)).toEqual([`Bearer ${tokenOf('ada')}`]);
  });
});

describe('tokens', () => {
  it('nobody signed in: nothing is sent, least of all with the anonymous key', async () => {
    const outcome = transport()(
      each(entry('DELETE', 'lists', 'l1')),
      context({ token: async () => undefined }),
    );
    expect(await failureOf(outcome)).toMatchObject({ code: 'unauthenticated' });
    expect(requests()).toEqual([]);
  });

  it('is asked for before each request: another user may have signed in between', async () => {
    let asked = 0;
    const outcome = transport()(
      each(entry('PUT', 'lists', 'l1', { name: 'Home' }), entry('PATCH', 'lists', 'l1', { name: 'House' })),
      context({
        async token() {
          if (++asked > 1) throw new UploadError('owner_mismatch', 'Somebody else is signed in.');
          return tokenOf('ada');
        },
      }),
    );
    expect(await failureOf(outcome)).toMatchObject({ code: 'owner_mismatch' });
    expect(seen()).toEqual(['POST lists']);
  });

  it('a refused one is thrown, for the connector to get a fresh one and send again; what was applied is not repeated', async () => {
    const { refused } = world.current;
    const send = transport();
    const batch = each(
      entry('PUT', 'lists', 'l1', { name: 'Home' }),
      entry('PATCH', 'lists', 'l1', { name: 'House' }),
    );
    let asked = 0;
    const stale = context({ token: async () => tokenOf('ada', { jti: ++asked }) });
    refused.add(tokenOf('ada', { jti: 2 }));
    expect(await failureOf(send(batch, stale))).toMatchObject({ code: 'unauthenticated', status: 401 });
    expect(summary(await send(batch, stale))).toEqual(['applied', 'applied']);
    expect(seen()).toEqual(['POST lists', 'PATCH lists', 'PATCH lists']);
  });

  it('a wrong API key is answered with 401 by the gateway, and rejects nothing', async () => {
    const { url } = world.current.standIn;
    const wrong = postgrest({
      client: new PostgrestClient(`${url}/rest/v1`, { headers: { apikey: 'wrong' } }),
    });
    expect(await failureOf(wrong(each(entry('DELETE', 'lists', 'l1')), ada))).toMatchObject({
      code: 'unauthenticated',
    });
  });
});

describe('merging', () => {
  const puts = (count: number, from = 0) =>
    UUIDS.slice(from, from + count).map((id, index) =>
      entry('PUT', 'things', id, { name: `thing ${from + index}`, amount: index }),
    );

  it('250 inserts of one table in 250 transactions travel in three requests', async () => {
    expect(summary(await transport()(each(...puts(250)), ada))).toEqual(Array(250).fill('applied'));
    expect(requests().map(({ body }) => (body as unknown[]).length)).toEqual([100, 100, 50]);
    expect(await world.current.rows('select count(*)::int from things')).toEqual([{ count: 250 }]);
  });

  it('deletes of one table do too', async () => {
    await transport()(each(...puts(3)), ada);
    await transport()(each(...UUIDS.slice(0, 3).map((id) => entry('DELETE', 'things', id))), ada);
    expect(seen()).toEqual(['POST things', 'DELETE things']);
    expect(await world.current.rows('select * from things')).toEqual([]);
  });

  it('a row with other columns is not merged: it would lose what it has in the others', async () => {
    const [first = '', second = ''] = UUIDS;
    await transport()(each(entry('PUT', 'things', second, { name: 'second', amount: 5 })), ada);
    await transport()(
      each(
        entry('PUT', 'things', first, { name: 'first', amount: 1 }),
        entry('PUT', 'things', second, { name: 'renamed' }),
      ),
      ada,
    );
    expect(seen()).toEqual(['POST things', 'POST things', 'POST things']);
    expect(await world.current.rows('select name, amount from things order by id')).toEqual([
      { name: 'first', amount: 1 },
      { name: 'renamed', amount: 5 },
    ]);
  });

  it('never merges two writes of one row, nor across a write of another kind', async () => {
    const [first = '', second = ''] = UUIDS;
    const write = (name: string, id = first) => entry('PUT', 'things', id, { name });
    const outcomes = await transport()(
      each(write('1'), write('2'), entry('DELETE', 'things', first), write('3'), write('4', second)),
      ada,
    );
    expect(summary(outcomes)).toEqual(Array(5).fill('applied'));
    expect(seen()).toEqual(['POST things', 'POST things', 'DELETE things', 'POST things']);
    expect(await world.current.rows('select name from things order by id')).toEqual([
      { name: '3' },
      { name: '4' },
    ]);
  });

  it('a refused request is sent again entry by entry: only the one at fault is rejected, and what is behind it waits', async () => {
    const entries = puts(5);
    const bad = { ...entries[2], opData: { name: 'too much', amount: 5000 } } as (typeof entries)[0];
    const outcomes = await transport()(
      {
        transactions: [
          transaction(...entries.slice(0, 2)),
          transaction(bad),
          transaction(...entries.slice(3)),
        ],
      },
      ada,
    );
    expect(summary(outcomes)).toEqual(['applied', 'rejected invalid', 'not_attempted']);
    expect(requests()).toHaveLength(4);
  });
});

describe('a transaction that fails in the middle', () => {
  it('tells which entry is at fault and which were applied', async () => {
    const [outcome] = await transport()(
      together(
        entry('PUT', 'lists', 'l1', { name: 'Home' }),
        entry('PUT', 'todos', 't1', { list_id: 'nowhere', description: 'Milk' }),
        entry('PATCH', 'lists', 'l1', { name: 'House' }),
      ),
      ada,
    );
    expect(outcome).toMatchObject({ status: 'rejected', entryIndex: 1, appliedEntries: [0] });
  });

  it('goes on behind what was applied, so that nothing older is written over something newer', async () => {
    const { standIn } = world.current;
    const send = transport();
    const batch = together(
      entry('PUT', 'lists', 'l1', { name: 'Home' }),
      entry('PATCH', 'lists', 'l1', { name: 'House' }),
    );
    standIn.failNext({ status: 201, headers: { 'content-range': '*/1' } }, 'unavailable');
    expect(summary(await send(batch, ada))).toEqual(['retry unavailable']);
    await world.current.rows(`insert into lists (id, name, owner_id) values ('l1', 'by a laptop', 'ada')`);
    expect(summary(await send(batch, ada))).toEqual(['applied']);
    expect(seen()).toEqual(['POST lists', 'PATCH lists', 'PATCH lists']);
  });

  it('an answer that got lost is asked for again, which changes nothing', async () => {
    const { standIn } = world.current;
    const send = transport();
    const batch = together(entry('PUT', 'lists', 'l1', { name: 'Home' }), entry('DELETE', 'lists', 'l0'));
    standIn.failNext('drop');
    expect(summary(await send(batch, ada))).toEqual(['retry network']);
    expect(summary(await send(batch, ada))).toEqual(['applied']);
    standIn.failNext('drop');
    const removal = together(entry('DELETE', 'lists', 'l1'));
    expect(summary(await send(removal, ada))).toEqual(['retry network']);
    expect(summary(await send(removal, ada))).toEqual(['applied']);
  });
});

describe('writes that match no row', () => {
  const one = async (...entries: ReturnType<typeof entry>[]) =>
    (await transport()(together(...entries), ada))[0] as Outcome;

  it('an update of a row that is gone is a conflict', async () => {
    expect(await one(entry('PATCH', 'lists', 'gone', { name: 'x' }))).toMatchObject({
      status: 'rejected',
      error: { code: 'conflict' },
      inBand: true,
    });
  });

  it('an update of a row that the user does not see is one too', async () => {
    await world.current.rows(`insert into lists (id, name, owner_id) values ('l1', 'of Bob', 'bob')`);
    expect(summary([await one(entry('PATCH', 'lists', 'l1', { name: 'x' }))])).toEqual(['rejected conflict']);
    expect(await world.current.rows('select name from lists')).toEqual([{ name: 'of Bob' }]);
  });

  it('an update that a policy forbids is forbidden, and not believed without the breaker', async () => {
    await world.current.rows(`insert into notices (id, body) values ('n1', 'old')`);
    expect(await one(entry('PATCH', 'notices', 'n1', { body: 'new' }))).toMatchObject({
      status: 'rejected',
      error: { code: 'forbidden' },
      inBand: false,
    });
  });

  it('a delete of a row that is gone is applied: an earlier try did it', async () => {
    expect(await one(entry('DELETE', 'lists', 'gone'))).toEqual({ status: 'applied' });
  });

  it('a delete of a row that the user may not delete looks the same; the row stays', async () => {
    await world.current.rows(`insert into notices (id, body) values ('n1', 'old')`);
    expect(await one(entry('DELETE', 'notices', 'n1'))).toEqual({ status: 'applied' });
    expect(await world.current.rows('select id from notices')).toEqual([{ id: 'n1' }]);
  });

  it('an insert that a trigger swallows is a conflict, alone or among others', async () => {
    const swallowed = entry('PUT', 'faults', 'f2', { body: 'swallowed' });
    expect(summary([await one(swallowed)])).toEqual(['rejected conflict']);
    const outcomes = await transport()(
      each(
        entry('PUT', 'faults', 'f1', { body: 'fine' }),
        swallowed,
        entry('PUT', 'faults', 'f3', { body: 'fine' }),
      ),
      ada,
    );
    expect(summary(outcomes)).toEqual(['applied', 'rejected conflict', 'not_attempted']);
  });

  it('an update without columns is skipped, without a request', async () => {
    expect(await one(entry('PATCH', 'lists', 'gone', {}), entry('PATCH', 'lists', 'gone'))).toEqual({
      status: 'skipped',
    });
    expect(requests()).toEqual([]);
  });

  it('an insert without columns stores the id', async () => {
    expect(await one(entry('PUT', 'things', UUIDS[0] ?? ''))).toEqual({ status: 'applied' });
    expect(await world.current.rows('select name from things')).toEqual([{ name: 'unnamed' }]);
  });
});

describe('what Postgres refuses', () => {
  it.each<[string, ReturnType<typeof entry>, string, boolean]>([
    ['a missing value', entry('PUT', 'lists', 'l1', { name: null }), 'invalid', true],
    ['a check', entry('PUT', 'lists', 'l1', { name: '' }), 'invalid', true],
    ['a value of another type', entry('PUT', 'things', UUIDS[0] ?? '', { amount: 'many' }), 'invalid', true],
    ['an id of another type', entry('PUT', 'things', 'no uuid', { amount: 1 }), 'invalid', true],
    [
      'a foreign key',
      entry('PUT', 'todos', 't1', { list_id: 'nowhere', description: 'x' }),
      'forbidden',
      false,
    ],
    ["somebody else's name", entry('PUT', 'lists', 'l1', { name: 'x', owner_id: 'bob' }), 'forbidden', false],
    ['a table without grants', entry('PUT', 'secrets', 's1', { body: 'x' }), 'forbidden', false],
    ['RAISE EXCEPTION', entry('PUT', 'faults', 'f1', { body: 'P0001' }), 'invalid', true],
    ['RAISE SQLSTATE PT409', entry('PUT', 'faults', 'f1', { body: 'PT409' }), 'conflict', true],
    ['RAISE SQLSTATE PT422', entry('PUT', 'faults', 'f1', { body: 'PT422' }), 'invalid', true],
    ['RAISE SQLSTATE PT403', entry('PUT', 'faults', 'f1', { body: 'PT403' }), 'forbidden', false],
    ['a limit', entry('PUT', 'faults', 'f1', { body: '54000' }), 'unclassified', false],
    ['policies without an end', entry('PUT', 'faults', 'f1', { body: '42P17' }), 'unclassified', false],
    ['a class nobody knows', entry('PUT', 'faults', 'f1', { body: 'ZZ001' }), 'invalid', false],
  ])('%s', async (_, write, code, inBand) => {
    const [outcome] = await transport()(together(write), ada);
    expect(outcome).toMatchObject({ status: 'rejected', error: { code }, inBand, entryIndex: 0 });
    if (code === 'unclassified') expect(outcome).toMatchObject({ error: { budget: { attempts: 10 } } });
  });

  it('a unique value', async () => {
    const [first = '', second = ''] = UUIDS;
    const outcomes = await transport()(
      together(
        entry('PUT', 'things', first, { name: 'same' }),
        entry('PUT', 'things', second, { name: 'same', amount: 1 }),
      ),
      ada,
    );
    expect(summary(outcomes)).toEqual(['rejected conflict']);
  });

  it.each([
    ['an unknown table', entry('PUT', 'nothing', 'x', { a: 1 })],
    ['an unknown column', entry('PUT', 'lists', 'x', { name: 'x', nothing: 1 })],
    ['an unknown column in an update', entry('PATCH', 'lists', 'x', { nothing: 1 })],
    ['a value for a generated column', entry('PUT', 'things', UUIDS[0] ?? '', { doubled: 4 })],
    ['an id where the server counts', entry('PUT', 'numbered', '7', { body: 'x' })],
  ])('%s holds the queue: the app is at fault, or newer than the server', async (_, write) => {
    const outcomes = await transport()(together(write), ada);
    expect(summary(outcomes)).toEqual(['retry schema_mismatch']);
  });

  it.each([
    ['57014', 'timeout'],
    ['40P01', 'unavailable'],
    ['55P03', 'unavailable'],
    ['55006', 'unavailable'],
    ['53300', 'unavailable'],
    ['25006', 'unavailable'],
    ['0A000', 'unavailable'],
    ['XX000', 'unavailable'],
    ['PT503', 'unavailable'],
    ['PT429', 'throttled'],
  ])('%s keeps the write', async (sqlState, code) => {
    const outcomes = await transport()(together(entry('PUT', 'faults', 'f1', { body: sqlState })), ada);
    expect(summary(outcomes)).toEqual([`retry ${code}`]);
  });

  it("brings PostgREST's own words, in details alone", async () => {
    const [outcome] = await transport()(together(entry('PUT', 'faults', 'SECRET', { body: 'P0001' })), ada);
    expect(outcome).toMatchObject({
      details: { code: 'P0001', message: 'words about SECRET', details: 'a detail', hint: 'a hint' },
    });
    const error = outcome?.status === 'rejected' ? outcome.error : undefined;
    expect(error?.message).toBe('[invalid] The backend refused the write (P0001).');
    expect(everythingIn(error)).not.toContain('SECRET');
  });

  it('codes may be given another meaning', async () => {
    const { url } = world.current.standIn;
    const strict = postgrest({
      client: client(url),
      errorCodes: { P0001: 'update_required', ZZ001: 'throttled', 23505: 'forbidden' },
    });
    const write = (body: string) => together(entry('PUT', 'faults', 'f1', { body }));
    expect(summary(await strict(write('P0001'), ada))).toEqual(['retry update_required']);
    expect(summary(await strict(write('ZZ001'), ada))).toEqual(['retry throttled']);
    expect(await strict(write('23505'), ada)).toMatchObject([
      { error: { code: 'forbidden' }, inBand: false },
    ]);
  });
});

describe('answers that are not those of PostgREST keep every write', () => {
  const write = entry('PUT', 'lists', 'l1', { name: 'SECRET' });
  const json = { 'content-type': 'application/json' };

  it.each<[string, Parameters<typeof world.current.standIn.failNext>[0], string]>([
    ['a page of a captive portal', 'html', 'misconfigured'],
    ['the database is down', 'unavailable', 'unavailable'],
    ['a success without the number of rows', { status: 201 }, 'misconfigured'],
    ['a number of rows that is none', { status: 201, headers: { 'content-range': '*/*' } }, 'misconfigured'],
    ['an empty 404, which the clients take for success', { status: 404 }, 'misconfigured'],
    ['a 404 with a list, which they take for success too', { status: 404, body: '[]' }, 'misconfigured'],
    ['a 404 page', { status: 404, body: '<h1>Not found</h1>' }, 'misconfigured'],
    ['a page that forbids', { status: 403, body: '<h1>Forbidden</h1>' }, 'misconfigured'],
    ['JSON of a firewall', { status: 403, body: '{"message":"blocked"}', headers: json }, 'misconfigured'],
    ['a page about a bad request', { status: 400, body: '<h1>Bad request</h1>' }, 'misconfigured'],
    ['a code that is a number', { status: 400, body: '{"code":23505}', headers: json }, 'misconfigured'],
    ['a gateway in trouble', { status: 502, body: '<h1>Bad gateway</h1>' }, 'unavailable'],
    ['too many requests', { status: 429, body: '{"message":"slow down"}', headers: json }, 'throttled'],
    ['a schema that is not exposed', { status: 406, body: '{"code":"PGRST106"}', headers: json }, 'unknown'],
    ['no pool connection', { status: 504, body: '{"code":"PGRST003"}', headers: json }, 'unavailable'],
    ['a dropped connection', 'drop', 'network'],
  ])('%s', async (_, fault, code) => {
    const { standIn } = world.current;
    standIn.failNext(fault);
    const [outcome] = await transport()(together(write), ada);
    expect(outcome).toMatchObject({ status: 'retry', error: { code } });
    expect(everythingIn(outcome?.status === 'retry' ? outcome.error : undefined)).not.toMatch(
      new RegExp(`SECRET|${tokenOf('ada')}`),
    );
  });

  it('a 413 rejects only what is alone in its request', async () => {
    const { standIn } = world.current;
    standIn.failNext({ status: 413, body: 'too large' }, { status: 413, body: 'too large' });
    const outcomes = await transport()(each(write, entry('PUT', 'lists', 'l2', { name: 'Work' })), ada);
    expect(summary(outcomes)).toEqual(['rejected too_large', 'not_attempted']);
    expect(requests()).toHaveLength(2);
  });

  it('a server that is not there', async () => {
    world.current.standIn.cut(true);
    expect(summary(await transport()(together(write), ada))).toEqual(['retry network']);
  });

  it('the look at a row that an update missed counts only when it is answered', async () => {
    world.current.standIn.failNext({ status: 204, headers: { 'content-range': '*/0' } }, 'unavailable');
    const outcomes = await transport()(together(entry('PATCH', 'lists', 'l1', { name: 'x' })), ada);
    expect(summary(outcomes)).toEqual(['retry unavailable']);
  });
});

describe('the end of a call', () => {
  it('an abort ends the request, and is thrown', async () => {
    const controller = new AbortController();
    const signal = controller.signal;
    const delivery = transport()(
      together(entry('PUT', 'lists', 'l1', { name: 'Home' })),
      context({
        signal,
        async token() {
          queueMicrotask(() => controller.abort());
          return tokenOf('ada');
        },
      }),
    );
    expect(await failureOf(delivery)).toMatchObject({ code: 'aborted' });
  });

  it("a time-out of the client's own counts as one", async () => {
    const impatient = new PostgrestClient('http://127.0.0.1:9/rest/v1', {
      timeout: 1,
      fetch: (_url, init) =>
        new Promise((_, reject) => {
          init?.signal?.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')));
        }),
    });
    const outcomes = await postgrest({ client: impatient })(together(entry('DELETE', 'lists', 'l1')), ada);
    expect(summary(outcomes)).toEqual(['retry timeout']);
  });
});

describe('hostile names', () => {
  const IDS = [
    'a/b',
    '../lists',
    '..',
    'a"b',
    "a'b",
    'a,b',
    'a),id.eq.(x',
    '(a,b)',
    '"a","b"',
    'a\\',
    '*',
    '%',
    'null',
    'eq.x',
    'x&id=eq.innocent',
    'x#y?z',
    'a b+c%20d',
    'zwei\nZeilen',
    '日本語 😀',
    '',
  ];

  it.each(IDS)('id %j is written, changed and deleted, and no other row is', async (id) => {
    const insert = each(
      ...['innocent', 'x', 'a', 'b'].map((name) => entry('PUT', 'lists', name, { name: 'stays' })),
      entry('PUT', 'lists', id, { name: 'new' }),
    );
    expect(summary(await transport()(insert, ada))).toEqual(Array(5).fill('applied'));
    expect(summary(await transport()(each(entry('PATCH', 'lists', id, { name: 'changed' })), ada))).toEqual([
      'applied',
    ]);
    expect(await world.current.rows(`select id from lists where name = 'changed'`)).toEqual([{ id }]);
    const removal = each(entry('DELETE', 'lists', 'gone'), entry('DELETE', 'lists', id));
    expect(summary(await transport()(removal, ada))).toEqual(['applied', 'applied']);
    expect(await world.current.rows('select id from lists order by id')).toEqual([
      { id: 'a' },
      { id: 'b' },
      { id: 'innocent' },
      { id: 'x' },
    ]);
  });

  it('an id that is no valid Unicode is not sent: urls would change it into another', async () => {
    await transport()(each(entry('PUT', 'lists', '\ufffd', { name: 'stays' })), ada);
    const outcomes = await transport()(each(entry('DELETE', 'lists', '\ud800')), ada);
    expect(summary(outcomes)).toEqual(['rejected invalid']);
    expect(await world.current.rows('select name from lists')).toEqual([{ name: 'stays' }]);
  });

  it.each(['../../auth/v1/user', 'lists?id=eq.x', 'lists#', 'rpc/powersync_upload', 'a/b', 'lists/'])(
    'table %j leads nowhere else',
    async (table) => {
      const outcomes = await transport()(each(entry('DELETE', table, 'x')), ada);
      expect(summary(outcomes)).toEqual(['retry schema_mismatch']);
      expect(requests().map(({ path }) => path)).toEqual([table]);
    },
  );

  it.each(['..', '.', ''])('table %j is not sent: no url can name it', async (table) => {
    const outcomes = await transport()(each(entry('DELETE', table, 'x')), ada);
    expect(summary(outcomes)).toEqual(['rejected invalid']);
    expect(requests()).toEqual([]);
  });

  it('odd names of tables and columns are taken as they are', async () => {
    const column = 'odd "column, (x)';
    const outcomes = await transport()(each(entry('PUT', 'odd "name', 'x', { [column]: '1' })), ada);
    expect(summary(outcomes)).toEqual(['applied']);
    expect(await world.current.rows('select * from "odd ""name"')).toEqual([{ id: 'x', [column]: '1' }]);
  });
});
