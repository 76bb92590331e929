import { rails } from 'powersync-backend-connector/presets';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startRails } from '../support/published-backends/rails.ts';
import type { Said } from '../support/published-backends/stand-in.ts';
import { outcomesOf, patch, put, remove, transactionOf, verdictOf, verdictsOf } from './support.ts';

const userId = 'u1';
const headers = { authorization: `Basic ${btoa('admin:12345')}` };
const TEN_MINUTES = { attempts: 10, minMs: 600_000 };
const FIFTEEN_MINUTES = { attempts: 10, minMs: 900_000 };
const AN_HOUR = { attempts: 10, minMs: 3_600_000 };

/** Active Record reads it as 3. */
const OF_ROW_3 = '3f2c9a10-0000-4000-8000-000000000000';
const OF_ROW_6 = '6abc9a10-0000-4000-8000-000000000000';
/** Active Record reads it as 0. */
const OF_NO_ROW = 'feed9a10-0000-4000-8000-000000000000';

type Server = Parameters<typeof startRails>[0];

async function started(server: Server, keepsIds = server?.keepsIds ?? false) {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const standIn = await startRails(server);
  const { store, requests } = standIn;
  return {
    standIn,
    store,
    warn,
    preset: rails({ url: standIn.url, userId, headers, keepsIds }),
    /** Each write that was sent. */
    sent: () =>
      requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`),
    /** Each read. */
    read: () => requests.filter(({ method }) => method === 'GET').map(({ path }) => path),
  };
}

async function errorOf(...[preset, ...entries]: Parameters<typeof verdictOf>) {
  const [outcome] = await outcomesOf(preset, transactionOf(...entries));
  if (!outcome || !('error' in outcome)) throw new Error('There was no error');
  return outcome.error;
}

/** Rows of other people. */
function othersIn({ store }: Awaited<ReturnType<typeof started>>) {
  store.insert('activities', '3', { title: 'Ann runs' });
  store.insert('activities', '6', { title: 'Bob swims' });
  return [
    { id: '3', title: 'Ann runs' },
    { id: '6', title: 'Bob swims' },
  ];
}

describe('rails() and a server that chooses the ids, as published', () => {
  it('no PATCH or DELETE is sent whose id the server would read as that of another row', async () => {
    const world = await started({});
    const others = othersIn(world);
    const { preset, store, sent } = world;
    expect(await verdictOf(preset, patch('activities', OF_ROW_3, { title: 'x' }))).toBe('reject not_found');
    expect(await verdictOf(preset, remove('activities', OF_ROW_6))).toBe('reject not_found');
    expect(await verdictOf(preset, remove('activities', OF_NO_ROW))).toBe('reject not_found');
    for (const id of ['3x', '+3', '03', ' 3', '3.0', '3_', '3e0'])
      expect(await verdictOf(preset, patch('activities', id, { title: 'x' }))).toBe('reject not_found');
    expect(sent()).toEqual([]);
    expect(store.rows('activities')).toEqual(others);
    const error = await errorOf(preset, patch('activities', OF_ROW_3, { title: 'x' }));
    expect(error.message).toContain('keepsIds');
  });

  it('after the POST of a row, its changes need no question', async () => {
    const { preset, sent, read, store } = await started({});
    expect(await verdictOf(preset, put('activities', OF_ROW_3, { title: 'Run' }))).toBe('applied');
    for (const change of [patch('activities', OF_ROW_3, { title: 'x' }), remove('activities', OF_ROW_3)])
      expect(await verdictOf(preset, change)).toBe('reject not_found');
    expect(sent()).toEqual(['POST /activities.json']);
    expect(read()).toEqual([]);
    expect(store.rows('activities')).toEqual([{ id: '17', title: 'Run' }]);
  });

  it('a row of the server is changed and deleted by its number', async () => {
    const world = await started({});
    const [ann] = othersIn(world);
    const { preset, store, read } = world;
    expect(await verdictOf(preset, patch('activities', '6', { title: 'x' }))).toBe('applied');
    expect(await verdictOf(preset, remove('activities', '6'))).toBe('applied');
    expect(store.rows('activities')).toEqual([ann]);
    expect(read()).toEqual([]);
  });

  it('a number that the client gave to a row isn’t sent as that of the server’s row', async () => {
    const world = await started({});
    const others = othersIn(world);
    const { preset, store } = world;
    await verdictOf(preset, put('activities', '3', { title: 'mine' }));
    expect(await verdictOf(preset, patch('activities', '3', { title: 'x' }))).toBe('reject not_found');
    expect(await verdictOf(preset, remove('activities', '3'))).toBe('reject not_found');
    expect(store.rows('activities')).toEqual([...others, { id: '17', title: 'mine' }]);
  });

  it('a row of a table whose ids are texts is found, if the server shows it', async () => {
    const { preset, store, read } = await started({ key: 'text' });
    store.insert('activities', OF_ROW_3, { title: 'Run' });
    store.insert('activities', OF_ROW_6, { title: 'Swim' });
    expect(await verdictOf(preset, patch('activities', OF_ROW_3, { title: 'x' }))).toBe('applied');
    expect(await verdictOf(preset, remove('activities', OF_ROW_6))).toBe('applied');
    expect(store.rows('activities')).toEqual([{ id: OF_ROW_3, title: 'x' }]);
    expect(read()).toEqual([`/activities/${OF_ROW_3}.json`]); // asked once, then known
    expect(await verdictOf(preset, remove('activities', OF_ROW_6))).toBe('applied'); // gone
  });

  it.each(['-1', '0'])('a row with the number %s doesn’t prove that a table keeps ids', async (id) => {
    const world = await started({});
    othersIn(world);
    const { preset, store, sent } = world;
    store.insert('activities', id, { title: 'Odd' });
    await verdictOf(preset, patch('activities', id, { title: 'x' }));
    expect(await verdictOf(preset, remove('activities', OF_ROW_3))).toBe('reject not_found');
    expect(sent().join()).not.toContain('3f2c');
    expect(store.rows('activities').map(({ id }) => id)).toContain('3');
  });

  it('while nobody says what the server has under the id, nothing is sent', async () => {
    const { preset, sent, standIn, store } = await started({ key: 'text' });
    store.insert('activities', OF_ROW_3, { title: 'Run' });
    const verdicts: unknown[] = [];
    for (const said of [
      { status: 503 },
      { status: 429 },
      { status: 401 },
      { status: 404, type: 'text/html', body: '<h1>Not Found</h1>' },
      { status: 406 },
      { status: 200, type: 'text/html', body: '<h1>Welcome</h1>' },
      { status: 204 },
    ] satisfies Said[]) {
      standIn.answerInstead(said, 'reads');
      verdicts.push(await verdictOf(preset, patch('activities', OF_ROW_3, { title: 'x' })));
    }
    expect(verdicts).toEqual([
      'retry unavailable',
      'retry throttled',
      'retry unauthenticated',
      'ambiguous unclassified',
      'ambiguous unclassified',
      'retry misconfigured',
      'retry misconfigured',
    ]);
    expect(sent()).toEqual([]);
  });
});

describe('rails({ keepsIds: true }) and a server that wasn’t changed', () => {
  it('nothing is sent that would change the row of another, and the message says what to do', async () => {
    const world = await started({}, true);
    const others = othersIn(world);
    const { preset, store, sent } = world;
    expect(await verdictOf(preset, patch('activities', OF_ROW_3, { title: 'x' }))).toBe(
      'retry misconfigured',
    );
    expect(await verdictOf(preset, remove('activities', OF_ROW_6))).toBe('retry misconfigured');
    expect(sent()).toEqual([]);
    expect(store.rows('activities')).toEqual(others);
    const error = await errorOf(preset, remove('activities', OF_ROW_6));
    expect(error.message).toMatch(/text.*:id.*queued/);
  });

  it('nor does the PATCH behind a POST that was refused', async () => {
    const world = await started({}, true);
    const others = othersIn(world);
    const { preset, store, sent } = world;
    expect(await verdictOf(preset, put('activities', OF_ROW_3, { lat: '1' }))).toBe('retry misconfigured');
    expect(sent()).toEqual(['POST /activities.json']);
    expect(store.rows('activities')).toEqual(others);
  });

  it('nor where :id is permitted and the column takes numbers', async () => {
    const world = await started({ keepsIds: true, key: 'integer' });
    const others = othersIn(world);
    const { preset, store } = world;
    expect(await verdictOf(preset, put('activities', OF_ROW_3, { title: 'x' }))).toBe('retry misconfigured');
    expect(store.rows('activities')).toEqual(others);
  });

  it('a new row that got another id isn’t sent again, nor is one behind it', async () => {
    const { preset, store, sent } = await started({}, true);
    const transaction = transactionOf(put('activities', OF_ROW_3, { title: 'Run' }));
    const next = transactionOf(put('activities', OF_ROW_6, { title: 'Swim' }));
    for (let tries = 0; tries < 7; tries++) {
      const [outcome] = await outcomesOf(preset, transaction);
      expect(outcome).toMatchObject({
        status: 'rejected',
        error: { code: 'not_found', message: expect.stringContaining('another id') },
        details: { id: 17, title: 'Run' },
      });
    }
    for (let tries = 0; tries < 2; tries++)
      expect(await verdictsOf(preset, next)).toEqual(['retry misconfigured']);
    expect(sent()).toEqual(['POST /activities.json']);
    expect(store.rows('activities')).toEqual([{ id: '17', title: 'Run' }]);
  });

  it('one row that can’t keep its id doesn’t stop a table that keeps them', async () => {
    const { preset, standIn } = await started({ keepsIds: true });
    expect(await verdictOf(preset, put('activities', OF_ROW_3, { title: 'Run' }))).toBe('applied');
    standIn.answerInstead({ status: 201, body: { id: OF_NO_ROW } });
    expect(await verdictOf(preset, put('activities', 'x', { title: 'Swim' }))).toBe('reject not_found');
    standIn.answerInstead(undefined);
    expect(await verdictOf(preset, put('activities', OF_ROW_6, { title: 'Swim' }))).toBe('applied');
  });

  it('a number is sent as it is', async () => {
    const world = await started({}, true);
    const [, bob] = othersIn(world);
    const { preset, store, read } = world;
    expect(await verdictOf(preset, remove('activities', '3'))).toBe('applied');
    expect(store.rows('activities')).toEqual([bob]);
    expect(read()).toEqual([]);
  });

  it('without a route that shows a row, changes are tried for 15 minutes, and the message names it', async () => {
    const { preset, store, sent } = await started({ keepsIds: true, showsNone: true });
    store.insert('activities', OF_ROW_3, { title: 'Run' });
    const error = await errorOf(preset, patch('activities', OF_ROW_3, { title: 'x' }));
    expect(error).toMatchObject({ code: 'unclassified', budget: FIFTEEN_MINUTES });
    expect(error.message).toContain('show');
    expect(sent()).toEqual([]);
    // A new row that is refused doesn't wait for ever.
    const bad = put('activities', OF_ROW_6, { title: 'x', description: 'refuse me' });
    expect(await errorOf(preset, bad)).toMatchObject({ code: 'unclassified', budget: TEN_MINUTES });
    expect(await verdictOf(preset, put('activities', OF_ROW_6, { lat: '1' }))).toBe('ambiguous unclassified');
    await verdictOf(preset, put('activities', OF_ROW_6, { title: 'Swim' })); // That proves it.
    expect(await verdictOf(preset, patch('activities', OF_ROW_3, { title: 'x' }))).toBe('applied');
  });
});

it('rails() tells of an answer with another row than the one that was asked for', async () => {
  const { preset, standIn, store } = await started({ keepsIds: true });
  store.insert('activities', OF_ROW_3, { title: 'Run' });
  expect(await verdictOf(preset, patch('activities', OF_ROW_3, { title: 'x' }))).toBe('applied');
  standIn.answerInstead({ status: 200, body: { id: 3, title: 'x' } });
  const error = await errorOf(preset, patch('activities', OF_ROW_3, { title: 'x' }));
  expect(error).toMatchObject({ code: 'not_found', message: expect.stringContaining('another row') });
});

describe.each([false, true])('rails() and a row that is gone, in development: %s', (development) => {
  it('a DELETE is applied and a PATCH is rejected, also first in a session', async () => {
    for (const keepsIds of [false, true]) {
      const id = keepsIds ? OF_ROW_3 : '3';
      const server = { keepsIds, development };
      expect(await verdictOf((await started(server)).preset, remove('activities', id))).toBe('applied');
      const { preset } = await started(server);
      expect(await verdictOf(preset, patch('activities', id, { lat: '1' }))).toBe('reject not_found');
      await verdictOf(preset, put('activities', OF_ROW_6, { title: 'Run' }));
      expect(await verdictOf(preset, remove('activities', id))).toBe('applied');
    }
  });

  it('a route that is missing says nothing about the row', async () => {
    const { preset } = await started({ development });
    expect(await verdictOf(preset, remove('elsewhere', '3'))).toBe('ambiguous unclassified');
    expect(await verdictOf(preset, put('elsewhere', '3', { title: 'x' }))).toBe('retry misconfigured');
  });
});

describe.each([false, true])('rails() and a 500, with ids that are kept: %s', (keepsIds) => {
  const id = keepsIds ? OF_NO_ROW : '7';

  it.each([
    ['a number that is too large', { title: 'x', user_id: 1e30 }],
    ['NUL', { title: 'x\0' }],
    ['a check of the database', { title: 'x', description: 'refuse me' }],
  ])('for %s speaks of the row', async (_, columns) => {
    const { preset, store } = await started({ keepsIds });
    expect(await verdictOf(preset, put('activities', id, columns))).toBe('ambiguous unclassified');
    expect(await errorOf(preset, put('activities', id, columns))).toMatchObject({
      status: 500,
      budget: TEN_MINUTES,
    });
    const another = keepsIds ? OF_ROW_3 : '8';
    store.insert('activities', another, { title: 'Run' });
    expect(await verdictOf(preset, patch('activities', another, columns))).toBe('ambiguous unclassified');
  });

  it('while the database is down, everything waits', async () => {
    const { preset, store } = await started({ keepsIds });
    store.insert('activities', id, { title: 'Run' });
    store.down = true;
    for (const entry of [put('activities', '8', { title: 'x' }), patch('activities', id, { title: 'x' })])
      expect(await verdictOf(preset, entry)).toBe('retry unavailable');
    expect(await verdictOf(preset, remove('activities', id))).toBe('retry unavailable');
  });

  it.each([
    ['answers an error', { status: 502 }],
    ['breaks', { status: 0, dies: true }],
  ] satisfies [string, Said][])('while the read behind it %s, everything waits', async (_, said) => {
    const { preset, standIn } = await started({ keepsIds });
    standIn.answerInstead(said, 'reads');
    const bad = put('activities', id, { title: 'x\0' });
    expect(await verdictOf(preset, bad)).toMatch(/^retry /);
  });

  it.each([
    ['is refused', { status: 403, body: { error: 'Not yours.' } }],
    ['is gone', { status: 410, body: '' }],
    ['finds no route', { status: 404, type: 'text/html', body: '' }],
  ] satisfies [string, Said][])('if the read behind it %s, holds up nothing for ever', async (_, said) => {
    const { preset, standIn } = await started({ keepsIds });
    standIn.answerInstead(said, 'reads');
    const columns = { title: 'x\0' };
    expect(await errorOf(preset, put('activities', id, columns))).toMatchObject({
      code: 'unclassified',
      budget: AN_HOUR,
    });
  });

  it('speaks of the row if the list is too long to be read, and the row isn’t shown', async () => {
    const { preset, standIn } = await started({ keepsIds });
    const list = { status: 200, body: `[${'{"title":"x"},'.repeat(400_000)}{}]` };
    standIn.answerInstead(({ path }) => (path === '/activities.json' ? list : { status: 403 }), 'reads');
    expect(await errorOf(preset, put('activities', id, { title: 'x\0' }))).toMatchObject({
      code: 'unclassified',
      budget: TEN_MINUTES,
    });
  });

  it('that isn’t Rails’ own says nothing about the row', async () => {
    const { preset, standIn } = await started({ keepsIds });
    for (const body of ['<h1>Error</h1>', { message: 'Internal Server Error' }]) {
      standIn.answerInstead({ status: 500, body });
      expect(await verdictOf(preset, put('activities', id, { title: 'x' }))).toBe('retry unavailable');
    }
  });
});

it('rails() asks for the list where the server can’t even read the id', async () => {
  const { preset, read } = await started({ keepsIds: true });
  expect(await verdictOf(preset, remove('activities', 'a\0b'))).toBe('ambiguous unclassified');
  expect(read()).toContain('/activities.json');
});

it('rails() asks for the list where the id has no path', async () => {
  const { preset } = await started({ keepsIds: true });
  expect(await verdictOf(preset, put('activities', '..', { title: 'x\0' }))).toMatch(/^reject|^ambiguous/);
});

it('rails() asks nothing for a PATCH without columns', async () => {
  const { preset, standIn } = await started({ keepsIds: true });
  expect(await verdictOf(preset, patch('activities', OF_ROW_3, {}))).toBe('skipped');
  expect(standIn.requests).toEqual([]);
});

it('rails() tells once of each column that the answer leaves out', async () => {
  const { preset, warn } = await started({ keepsIds: true });
  for (const id of [OF_ROW_3, OF_ROW_6])
    await verdictOf(preset, put('activities', id, { title: 'Run', secret: 'x', description: null }));
  await verdictOf(preset, patch('activities', OF_ROW_3, { secret: 'y', color: 'red' }));
  const told = warn.mock.calls.map(([message]) => String(message));
  expect(told).toHaveLength(2);
  expect(told[0]).toMatch(/activities\.secret/);
  expect(told[1]).toMatch(/activities\.color/);
  expect(told.join()).not.toMatch(/red|Run/);
});

it('rails() says that plain http is redirected', async () => {
  const { preset } = await started({ forcesSsl: true });
  const error = await errorOf(preset, put('activities', '3', { title: 'Run' }));
  expect(error).toMatchObject({ code: 'misconfigured', message: expect.stringContaining('redirects') });
});

describe('rails({ keepsIds: true }) and a row that the server doesn’t show', () => {
  it.each([
    { status: 403, body: { error: 'Not yours.' } },
    { status: 410, body: '' },
    { status: 200, body: { title: 'Run' } },
  ] satisfies Said[])('no change of it blocks the queue for ever: %j', async (said) => {
    const { preset, standIn, sent } = await started({ keepsIds: true });
    standIn.answerInstead(said, 'reads');
    for (const change of [patch('activities', OF_ROW_3, { title: 'x' }), remove('activities', OF_ROW_6)])
      expect(await errorOf(preset, change)).toMatchObject({ code: 'unclassified', budget: FIFTEEN_MINUTES });
    expect(sent()).toEqual([]);
  });

  it('nor does an id with a full stop, which no route of Rails has', async () => {
    const { preset, standIn } = await started({ keepsIds: true });
    standIn.answerInstead({ status: 404, type: 'text/html', body: '<h1>Not Found</h1>' }, 'reads');
    expect(await errorOf(preset, patch('activities', '12.json', { title: 'x' }))).toMatchObject({
      code: 'unclassified',
      budget: FIFTEEN_MINUTES,
    });
  });
});

describe('rails({ keepsIds: true }) and a new row whose id is a number', () => {
  it.each([
    ['that makes the ids', {}],
    ['that permits :id for numbers', { keepsIds: true, key: 'integer' }],
  ] satisfies [string, Server][])(
    'is never written over the row of another, on a server %s',
    async (_, server) => {
      const world = await started(server, true);
      const others = othersIn(world);
      const { preset, store, sent } = world;
      expect(await verdictOf(preset, put('activities', '3', { lat: '1' }))).toBe('reject invalid');
      // The row is on this device only, so its changes would be those of Ann's row.
      expect(await verdictOf(preset, patch('activities', '3', { title: 'x' }))).toBe('reject not_found');
      expect(await verdictOf(preset, remove('activities', '3'))).toBe('reject not_found');
      expect(sent()).toEqual(['POST /activities.json']);
      expect(store.rows('activities')).toEqual(others);
    },
  );

  it('nor without keepsIds', async () => {
    const world = await started({});
    const others = othersIn(world);
    const { preset, store } = world;
    expect(await verdictOf(preset, put('activities', '3', { lat: '1' }))).toBe('reject invalid');
    expect(await verdictOf(preset, patch('activities', '3', { title: 'x' }))).toBe('reject not_found');
    expect(store.rows('activities')).toEqual(others);
  });

  it('is applied if the server shows it as it was sent: the answer was lost', async () => {
    const { preset, standIn, store } = await started({ keepsIds: true, key: 'integer' });
    const transaction = transactionOf(put('activities', '900', { title: 'Run' }));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(await verdictOf(preset, patch('activities', '900', { title: 'Swim' }))).toBe('applied');
    expect(store.rows('activities')).toEqual([{ id: '900', title: 'Swim' }]);
    expect(await verdictOf(preset, put('activities', '900', { title: 'Walk' }))).toBe(
      'ambiguous unclassified',
    );
    expect(store.rows('activities')).toEqual([{ id: '900', title: 'Swim' }]);
  });
});

it('rails({ keepsIds: true }): a PUT without columns is applied if its row is there', async () => {
  const { preset, standIn, sent } = await started({ keepsIds: true });
  const { store } = standIn;
  standIn.answerInstead(({ method, json }) => {
    if (method !== 'POST') return undefined;
    if (store.has('activities', json.id)) return { status: 500, body: { status: 500, error: 'x' } };
    store.insert('activities', json.id, {});
    return { status: 0, dies: true };
  });
  const transaction = transactionOf(put('activities', OF_ROW_3));
  expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
  expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
  expect(sent()).toEqual(['POST /activities.json', 'POST /activities.json']);
});

it.each([false, true])(
  'rails(): a 204 is no answer to a POST, with ids that are kept: %s',
  async (keepsIds) => {
    const { preset, standIn } = await started({ keepsIds });
    standIn.answerInstead({ status: 204 });
    expect(await verdictOf(preset, put('activities', OF_ROW_3, { title: 'x' }))).toBe('retry misconfigured');
  },
);
