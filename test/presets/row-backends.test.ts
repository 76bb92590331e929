import { django, firebase, laravel, mongodbExpo, rails } from 'powersync-backend-connector/presets';
import { describe, expect, it } from 'vitest';
import { startDjango } from '../support/published-backends/django.ts';
import { GOOD_ID_TOKEN, startFirebase } from '../support/published-backends/firebase.ts';
import { startLaravel } from '../support/published-backends/laravel.ts';
import { startMongodb } from '../support/published-backends/mongodb.ts';
import { startRails } from '../support/published-backends/rails.ts';
import type { StandIn } from '../support/published-backends/stand-in.ts';
import {
  credentialsOf,
  outcomesOf,
  patch,
  put,
  remove,
  transactionOf,
  verdictOf,
  verdictsOf,
} from './support.ts';

const userId = 'u1';

function writesTo({ requests }: StandIn) {
  return requests
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path, json }) => [method, path, json]);
}

describe('django()', () => {
  async function started() {
    const standIn = await startDjango();
    return { standIn, store: standIn.store, preset: django({ url: standIn.url }) };
  }

  it('sends one operation per request, to the path with its slash', async () => {
    const { standIn, preset } = await started();
    const entries = [put('todos', 't', { description: 'x' }), patch('todos', 't', { completed: 1 })];
    expect(await verdictOf(preset, ...entries, remove('todos', 't'))).toBe('applied');
    expect(writesTo(standIn)).toEqual([
      ['PUT', '/api/upload_data/', { table: 'todos', data: { description: 'x', id: 't' } }],
      ['PATCH', '/api/upload_data/', { table: 'todos', data: { completed: 1, id: 't' } }],
      ['DELETE', '/api/upload_data/', { table: 'todos', data: { id: 't' } }],
    ]);
  });

  it.each([
    [{ status: 200, body: { message: 'Todo updated' } }, 'applied'],
    [{ status: 200, body: { message: 'List created' } }, 'applied'],
    [{ status: 200, body: { message: 'Note created' } }, 'applied'], // of a view that the app has added
    [{ status: 200, body: { message: 'Down for maintenance' } }, 'retry misconfigured'],
    [{ status: 200, body: { message: 'The service will be updated' } }, 'retry misconfigured'],
    [{ status: 200, body: 'message sent' }, 'retry misconfigured'],
    [{ status: 202, body: { message: 'Todo updated' } }, 'retry misconfigured'],
  ])('knows what the views answer to a write: %j', async (said, verdict) => {
    const { standIn, preset } = await started();
    standIn.answerInstead(said);
    expect(await verdictOf(preset, put('todos', 't', { description: 'x' }))).toBe(verdict);
  });

  it('a DELETE of what is gone is applied; a page with the same status is not', async () => {
    const { standIn, preset } = await started();
    expect(await verdictOf(preset, remove('lists', 'gone'))).toBe('applied');
    standIn.answerInstead({ status: 404, type: 'text/html', body: '<h1>Not Found</h1>' });
    expect(await verdictOf(preset, remove('lists', 'gone'))).toBe('retry misconfigured');
  });

  it('a PATCH of what is missing is ambiguous, as everything is that Django answers 500 to', async () => {
    const { preset } = await started();
    expect(await verdictOf(preset, patch('todos', 'gone', { completed: 1 }))).toBe('ambiguous unclassified');
    expect(await verdictOf(preset, put('projects', 'a', { name: 'x' }))).toBe('ambiguous unclassified');
    expect(await verdictOf(preset, put('lists', 'a', {}))).toBe('ambiguous unclassified');
  });

  it('a PATCH of a list carries what it would clear otherwise', async () => {
    const { store, preset } = await started();
    await verdictOf(preset, put('lists', 'a', { name: 'A', owner_id: 'u1', created_at: 'today' }));
    const previous = { name: 'A', owner_id: 'u1', created_at: 'today', local_note: 'x' };
    expect(await verdictOf(preset, patch('lists', 'a', { name: 'B' }, previous))).toBe('applied');
    expect(store.rows('lists')).toEqual([{ id: 'a', name: 'B', owner_id: 'u1', created_at: 'today' }]);
  });

  it('a PATCH of a list stays queued where it would clear what is not known', async () => {
    const { standIn, preset } = await started();
    const [outcome] = await outcomesOf(preset, transactionOf(patch('lists', 'a', { name: 'B' })));
    expect(outcome).toMatchObject({
      status: 'retry',
      error: { code: 'misconfigured', message: expect.stringContaining('trackPrevious') },
    });
    const partly = patch('lists', 'a', { name: 'B' }, { name: 'A', owner_id: 'u1' });
    expect(await verdictOf(preset, partly)).toBe('retry misconfigured');
    expect(writesTo(standIn)).toEqual([]);
    const whole = { name: 'B', owner_id: 'u1', created_at: 'today' };
    await verdictOf(preset, put('lists', 'a', { name: 'A' }));
    expect(await verdictOf(preset, patch('lists', 'a', whole))).toBe('applied');
  });

  it('goes on behind what was applied before the answer was lost', async () => {
    const { standIn, store, preset } = await started();
    const transaction = transactionOf(put('lists', 'a', { name: 'A' }), remove('lists', 'a'));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(store.rows('lists')).toEqual([]);
  });

  it('tells what was applied of a transaction that is refused', async () => {
    const { preset } = await started();
    const transaction = transactionOf(put('lists', 'a', { name: 'A' }), patch('todos', 'gone', { x: 1 }));
    expect(await outcomesOf(preset, transaction)).toMatchObject([{ entryIndex: 1, appliedEntries: [0] }]);
  });
});

describe('rails()', () => {
  const headers = { authorization: `Basic ${btoa('admin:12345')}` };

  async function started(keepsIds = false) {
    const standIn = await startRails({ keepsIds });
    return { standIn, store: standIn.store, preset: rails({ url: standIn.url, userId, headers, keepsIds }) };
  }

  it('sends resources', async () => {
    const { standIn, preset } = await started(true);
    const entries = [put('activities', 'a/1', { title: 'Run' }), patch('activities', 'a/1', { lat: '1' })];
    expect(await verdictOf(preset, ...entries, remove('activities', 'a/1'))).toBe('applied');
    expect(writesTo(standIn)).toEqual([
      ['POST', '/activities.json', { title: 'Run', id: 'a/1' }],
      ['PATCH', '/activities/a%2F1.json', { lat: '1' }],
      ['DELETE', '/activities/a%2F1.json', undefined],
    ]);
  });

  it('422 is rejected, with the words of the model', async () => {
    const { preset } = await started();
    const [outcome] = await outcomesOf(preset, transactionOf(put('activities', 'a', { lat: '1' })));
    expect(outcome).toMatchObject({
      status: 'rejected',
      error: { code: 'invalid' },
      details: { title: ["can't be blank"] },
    });
  });

  it('404 says that the row is gone where it is Rails’ own, also first in a session', async () => {
    const { standIn, preset } = await started(true);
    const change = () => patch('activities', 'gone', { lat: '1' });
    expect(await verdictOf(preset, remove('activities', 'gone'))).toBe('applied');
    expect(await verdictOf(preset, change())).toBe('reject not_found');
    expect(await verdictOf(preset, put('elsewhere', 'a', { title: 'Run' }))).toBe('retry misconfigured');
    await verdictOf(preset, put('activities', 'a', { title: 'Run' }));
    for (const body of [
      '<html>404</html>',
      { error: 'Not Found' },
      { error: 'not found', status: 404 },
      { timestamp: 'x', status: 404, error: 'Not Found', path: '/activities/gone.json' },
    ]) {
      standIn.answerInstead({ status: 404, body });
      expect(await verdictOf(preset, remove('activities', 'gone'))).toBe('ambiguous unclassified');
      expect(await verdictOf(preset, change())).toBe('ambiguous unclassified');
    }
  });

  it('a lost password is no reason to release a write', async () => {
    const { standIn } = await started();
    const preset = rails({ url: standIn.url, userId });
    expect(await verdictOf(preset, put('activities', 'a', { title: 'Run' }))).toBe('retry unauthenticated');
  });

  it('as published, a replay after a lost answer makes a second row, as its documentation says', async () => {
    const { standIn, store, preset } = await started();
    const transaction = transactionOf(put('activities', 'a', { title: 'Run' }));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(store.rows('activities')).toHaveLength(2);
  });

  it('with ids that are kept, a replay does no harm, and a row that is there gets the columns', async () => {
    const { standIn, store, preset } = await started(true);
    const transaction = transactionOf(put('activities', 'a', { title: 'Run' }));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(await verdictOf(preset, put('activities', 'a', { title: 'Swim' }))).toBe('applied');
    expect(store.rows('activities')).toEqual([{ id: 'a', title: 'Swim' }]);
  });

  it('with ids that are kept, the refusal of a new row stands', async () => {
    const { preset, store } = await started(true);
    expect(await verdictOf(preset, put('activities', 'a', { lat: '1' }))).toBe('reject invalid');
    expect(await verdictOf(preset, put('activities', 'a'))).toBe('reject invalid');
    expect(store.rows('activities')).toEqual([]);
  });

  it('with ids that are kept, a PUT stays queued where the PATCH behind it meets an outage', async () => {
    const { standIn, store, preset } = await started(true);
    store.insert('activities', 'a', { title: 'Run' });
    standIn.answerInstead(({ method }) => (method === 'PATCH' ? { status: 503 } : undefined));
    expect(await verdictOf(preset, put('activities', 'a', { title: 'Swim' }))).toBe('retry unavailable');
  });

  it.each([[{ results: [] }], [[]], [{ id: null }]])('%j is no row, and says nothing', async (body) => {
    const { standIn, preset } = await started();
    standIn.answerInstead({ status: 200, body });
    expect(await verdictOf(preset, put('activities', 'a', { title: 'Run' }))).toBe('retry misconfigured');
  });

  it('names an option that is wrong', () => {
    const options = { url: 'http://a', userId, keepsIds: 'yes' as never };
    expect(() => rails(options)).toThrow('rails: option "keepsIds"');
  });
});

describe('firebase()', () => {
  async function started(idToken = (_: { forceRefresh: boolean }): string | null => GOOD_ID_TOKEN) {
    const standIn = await startFirebase();
    return { standIn, store: standIn.store, preset: firebase({ url: standIn.url, idToken }) };
  }

  it('refreshes the ID token once where it has expired', async () => {
    const asked: boolean[] = [];
    const { standIn, preset } = await started(({ forceRefresh }) => {
      asked.push(forceRefresh);
      return forceRefresh ? GOOD_ID_TOKEN : 'expired';
    });
    expect(standIn.tokens).toContain(await credentialsOf(preset));
    expect(asked).toEqual([false, true]);
  });

  it('throws where a fresh one is refused, too; nobody signed in is no error', async () => {
    expect(await credentialsOf((await started(() => 'bad')).preset)).toBe('unavailable');
    const signedOut = await started(() => null);
    expect(await credentialsOf(signedOut.preset)).toBe('signed out');
    expect(signedOut.standIn.requests).toEqual([]);
  });

  it('sends what a PATCH of a to-do would clear otherwise', async () => {
    const { store, preset } = await started();
    store.insert('todos', 't', { description: 'x', completed: 0, completed_by: null });
    const previous = { description: 'x', completed: 0, completed_at: '2026-01-01', completed_by: 'u1' };
    expect(await verdictOf(preset, patch('todos', 't', { completed: 1 }, previous))).toBe('applied');
    expect(store.rows('todos')).toMatchObject([
      { completed: 1, completed_at: '2026-01-01', completed_by: 'u1' },
    ]);
    expect(await verdictOf(preset, patch('todos', 't', { completed: 0 }))).toBe('retry misconfigured');
  });

  it('400 is rejected, as is every PATCH of a list; 500 is read by its words', async () => {
    const { standIn, preset } = await started();
    expect(await verdictOf(preset, patch('lists', 'a', { name: 'B' }))).toBe('reject invalid');
    expect(await verdictOf(preset, put('lists', 'a'))).toBe('reject invalid');
    standIn.answerInstead({ status: 500, body: { message: 'odd' } });
    expect(await verdictOf(preset, put('lists', 'a', { name: 'A' }))).toBe('ambiguous unclassified');
  });

  it('without words a failure has an hour: Node.js gives none for a port where nobody listens', async () => {
    const { standIn, preset } = await started();
    for (const [message, minMs] of [
      ['', 3_600_000],
      [undefined, 3_600_000],
      ['odd', 600_000],
    ]) {
      standIn.answerInstead({ status: 500, body: { message } });
      const [outcome] = await outcomesOf(preset, transactionOf(put('lists', 'a', { name: 'A' })));
      expect(outcome).toMatchObject({ error: { code: 'unclassified', budget: { attempts: 10, minMs } } });
    }
  });

  it.each(['GET completed for lists', 'MIGRATION completed for the database'])(
    'an answer that isn’t about a write says nothing: %s',
    async (message) => {
      const { standIn, preset } = await started();
      standIn.answerInstead({ status: 200, body: { message } });
      expect(await verdictOf(preset, put('lists', 'a', { name: 'A' }))).toBe('retry misconfigured');
    },
  );

  it('a DELETE that is never answered is kept', async () => {
    const { store, preset } = await started();
    store.down = true;
    expect(await verdictOf(preset, remove('lists', 'a'))).toBe('retry network');
  });

  it('a replay after a lost answer does no harm', async () => {
    const { standIn, store, preset } = await started();
    const transaction = transactionOf(put('lists', 'a', { name: 'A' }), remove('todos', 't'));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(store.rows('lists')).toEqual([{ id: 'a', name: 'A' }]);
  });

  it('names an option that is wrong', () => {
    expect(() => firebase({ url: 'http://a' } as never)).toThrow('firebase: option "idToken"');
  });
});

describe('mongodbExpo()', () => {
  const id = '65f0c0ffee65f0c0ffee65f0';

  async function started(idInData = false) {
    const standIn = await startMongodb(idInData);
    return { standIn, store: standIn.store, preset: mongodbExpo({ url: standIn.url, idInData }) };
  }

  it.each([
    [false, { table: 'listings', id, data: { name: 'Loft' } }, { table: 'listings', id }],
    [true, { table: 'listings', data: { name: 'Loft', id } }, { table: 'listings', data: { id } }],
  ])('sends operations, with the id inside data: %s', async (idInData, ofPut, ofDelete) => {
    const { standIn, preset } = await started(idInData);
    await verdictOf(preset, put('listings', id, { name: 'Loft' }), remove('listings', id));
    expect(writesTo(standIn)).toEqual([
      ['PUT', '/api/upload_data', ofPut],
      ['DELETE', '/api/upload_data', ofDelete],
    ]);
  });

  it.each(['b9b0a0e2-0f5a-4f0e-8f3b-5c8f8c8f8c8f', '', `${id}0`, 'g'.repeat(24)])(
    'rejects the id %j before it is sent',
    async (bad) => {
      const { standIn, preset } = await started();
      expect(await verdictOf(preset, put('attendees', bad, { name: 'Ada' }))).toBe('reject invalid');
      expect(standIn.requests).toEqual([]);
    },
  );

  it.each([202, 204])('a %i is not its answer', async (status) => {
    const { standIn, preset } = await started();
    standIn.answerInstead({ status });
    expect(await verdictOf(preset, put('attendees', id, { name: 'x' }))).toBe('retry misconfigured');
  });

  it('500 is ambiguous, 400 tells that the body got lost', async () => {
    const { standIn, preset } = await started();
    expect(await verdictOf(preset, put('attendees', id))).toBe('ambiguous unclassified');
    standIn.answerInstead({ status: 400, body: { message: 'Invalid body provided' } });
    expect(await verdictOf(preset, put('attendees', id))).toBe('retry misconfigured');
  });

  it('a replay after a lost answer does no harm', async () => {
    const { standIn, store, preset } = await started();
    const transaction = transactionOf(put('attendees', id, { name: 'Ada' }), remove('listings', id));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(store.rows('attendees')).toHaveLength(1);
  });

  it('names an option that is wrong', () => {
    expect(() => mongodbExpo({ url: 'http://a', idInData: 1 as never })).toThrow('option "idInData"');
  });
});

describe('laravel()', () => {
  async function started(deletes = false) {
    const standIn = await startLaravel({ deletes });
    return { standIn, store: standIn.store, preset: laravel({ url: standIn.url, userId, deletes }) };
  }

  it('wraps the operation in body, and asks for JSON beside the headers of the app', async () => {
    const { standIn } = await started();
    const options = { url: standIn.url, userId };
    for (const headers of [{ 'x-app': '1' }, async () => new Headers({ 'x-app': '1' })]) {
      const preset = laravel({ ...options, headers });
      expect(await verdictOf(preset, put('lists', 'a', { name: 'A' }))).toBe('applied');
    }
    for (const { headers, json } of standIn.requests) {
      expect(json).toEqual({ body: { table: 'lists', data: { name: 'A', id: 'a' } } });
      expect(headers).toMatchObject({ accept: 'application/json', 'x-app': '1' });
    }
    expect(standIn.requests).toHaveLength(2);
  });

  it('keeps a DELETE without sending it, and says why', async () => {
    const { standIn, preset } = await started();
    const [outcome, next] = await outcomesOf(
      preset,
      transactionOf(remove('lists', 'a')),
      transactionOf(put('lists', 'b', { name: 'B' })),
    );
    expect(outcome).toMatchObject({
      status: 'retry',
      error: { code: 'misconfigured', message: expect.stringContaining('deletes: true') },
    });
    expect(next).toEqual({ status: 'not_attempted' });
    expect(standIn.requests).toEqual([]);
  });

  it('sends a DELETE to a backend that was corrected', async () => {
    const { store, preset } = await started(true);
    await verdictOf(preset, put('lists', 'a', { name: 'A' }));
    expect(await verdictOf(preset, remove('lists', 'a'))).toBe('applied');
    expect(store.rows('lists')).toEqual([]);
  });

  it('422 is rejected; 400 is read by its words, but not by those of the statement', async () => {
    const { standIn, preset } = await started();
    expect(await verdictOf(preset, put('', 'a', { name: 'A' }))).toBe('reject invalid');
    expect(await verdictOf(preset, put('lists', 'a'))).toBe('reject invalid');
    await verdictOf(preset, put('lists', 'a', { name: 'A' }));
    expect(await verdictOf(preset, put('lists', 'b', { name: 'A' }))).toBe('reject conflict');
    standIn.answerInstead({ status: 400, body: { message: 'Request failed:odd (SQL: values (timeout))' } });
    expect(await verdictOf(preset, put('lists', 'b', { name: 'B' }))).toBe('ambiguous unclassified');
  });

  it.each([
    ["[42S02]: Base table or view not found: 1146 Table 'app.x' doesn't exist", 'hold schema_mismatch'],
    ["[42S22]: Column not found: 1054 Unknown column 'x' in 'field list'", 'hold schema_mismatch'],
    ['[42S02]: Base table or view not found: 1146 Tabelle existiert nicht', 'hold schema_mismatch'],
    ["[23000]: Integrity constraint violation: 1062 Duplicate entry 'A' for key 'name'", 'reject conflict'],
    [
      '[23000]: Integrity constraint violation: 1452 Cannot add or update a child row: a foreign key',
      'reject conflict',
    ],
    ["[23000]: Integrity constraint violation: 1048 Column 'name' cannot be null", 'reject invalid'],
    ["[HY000]: General error: 1364 Field 'name' doesn't have a default value", 'reject invalid'],
    [
      '[HY000]: General error: 1205 Lock wait timeout exceeded; try restarting transaction',
      'retry unavailable',
    ],
    ['[HY000] [2002] Connection refused', 'retry unavailable'],
    ['[42000]: Syntax error or access violation: 1064 You have an error', 'ambiguous unclassified'],
  ])('reads what MySQL says: SQLSTATE%s', async (message, verdict) => {
    const { standIn, preset } = await started();
    const sql = '(Connection: mysql, SQL: insert into `lists` (`name`) values (A))';
    standIn.answerInstead({ status: 400, body: { message: `Request failed:SQLSTATE${message} ${sql}` } });
    expect(await verdictOf(preset, put('lists', 'b', { name: 'A' }))).toBe(verdict);
  });

  it('a replay after a lost answer does no harm', async () => {
    const { standIn, store, preset } = await started();
    const transaction = transactionOf(put('lists', 'a', { name: 'A' }), patch('lists', 'a', { name: 'B' }));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(store.rows('lists')).toEqual([{ id: 'a', name: 'B' }]);
  });

  it('names an option that is wrong', () => {
    expect(() => laravel({ url: 'http://a', userId, deletes: 'yes' as never })).toThrow('option "deletes"');
  });
});
