import { BackendConnector } from 'powersync-backend-connector';
import {
  agentSkills,
  cloudcode,
  dotnet,
  nestjs,
  nextjs,
  tanstackStarter,
} from 'powersync-backend-connector/presets';
import { listRejected, retryRejected } from 'powersync-backend-connector/rejections';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startAgentSkills } from '../support/published-backends/agent-skills.ts';
import { startCloudcode } from '../support/published-backends/cloudcode.ts';
import { startDotnet } from '../support/published-backends/dotnet.ts';
import { startNestjs } from '../support/published-backends/nestjs.ts';
import { startNextjs } from '../support/published-backends/nextjs.ts';
import { startTanstackStarter } from '../support/published-backends/tanstack-starter.ts';
import {
  credentialsOf,
  first,
  outcomesOf,
  patch,
  put,
  remove,
  transactionOf,
  verdictOf,
  verdictsOf,
} from './support.ts';

const userId = 'u1';

describe('nextjs()', () => {
  async function started() {
    const standIn = await startNextjs();
    return { standIn, store: standIn.store, preset: nextjs({ url: standIn.url, userId }) };
  }

  it('carries the token, and refreshes it where it is refused', async () => {
    const { standIn, preset } = await started();
    expect(await verdictOf(preset, put('lists', 'a', { name: 'A' }))).toBe('applied');
    expect(standIn.requests.map(({ path }) => path)).toEqual(['/api/auth/token', '/api/data']);
    const old = { ...preset, credentials: async () => ({ token: 'expired' }) };
    expect(await verdictOf(old, put('lists', 'b', { name: 'B' }))).toBe('retry unauthenticated');
  });

  it('rejects what a constraint refuses, and applies nothing of it', async () => {
    const { preset, store } = await started();
    expect(await verdictOf(preset, put('todos', 'b'), put('lists', 'a'))).toBe('reject invalid');
    expect(store.rows('todos')).toEqual([]);
  });

  it('holds what meets an unknown table or column', async () => {
    const { preset } = await started();
    for (const entry of [
      put('projects', 'a', { name: 'x' }),
      patch('projects', 'a', { name: 'x' }),
      remove('projects', 'a'),
      put('lists', 'a', { name: 'A', colour: 'red' }),
    ])
      expect(await verdictOf(preset, entry)).toBe('hold schema_mismatch');
  });

  it('a 500 of words that are not known is ambiguous, one without JSON an outage', async () => {
    const { standIn, preset } = await started();
    standIn.answerInstead({ status: 500, body: { error: 'Unexpected token' } });
    expect(await verdictOf(preset, put('lists', 'a'))).toBe('ambiguous unclassified');
    standIn.answerInstead({ status: 500, type: 'text/html', body: '<html>500</html>' });
    expect(await verdictOf(preset, put('lists', 'a'))).toBe('retry unavailable');
  });

  it('a replay after a lost answer does no harm', async () => {
    const { standIn, preset, store } = await started();
    const transaction = transactionOf(put('lists', 'a', { name: 'A' }));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(store.rows('lists')).toEqual([{ id: 'a', name: 'A' }]);
  });

  it('sends nothing while nobody is signed in', async () => {
    const { standIn } = await started();
    const preset = nextjs({ url: standIn.url, userId: () => null });
    expect(await verdictOf(preset, put('lists', 'a', { name: 'A' }))).toBe('retry unauthenticated');
    expect(standIn.requests).toEqual([]);
  });
});

describe('dotnet()', () => {
  async function started() {
    const standIn = await startDotnet();
    return { standIn, store: standIn.store, preset: dotnet({ url: standIn.url, userId }) };
  }

  it('rejects a new row without columns before it is sent, and holds up nothing', async () => {
    const { standIn, preset } = await started();
    const bad = transactionOf(put('todos', 'a', { description: 'x' }), put('todos', 'b'));
    const good = transactionOf(put('todos', 'c', { description: 'y' }));
    expect(await verdictsOf(preset, good, bad, good)).toEqual(['applied', 'not_attempted', 'not_attempted']);
    const sent = standIn.requests.length;
    expect(await verdictsOf(preset, bad, good)).toEqual(['reject invalid', 'not_attempted']);
    expect(standIn.requests).toHaveLength(sent);
  });

  it.each([
    ['a constraint', put('lists', 'a', { owner_id: 'u1' }), 'reject invalid'],
    ['an unknown table', put('projects', 'a', { name: 'x' }), 'hold schema_mismatch'],
    ['an unknown column', patch('lists', 'a', { colour: 'red' }), 'hold schema_mismatch'],
    ['a name that needs quotes', patch('lists', 'a', { createdAt: 'x' }), 'hold schema_mismatch'],
    ['a name that is a reserved word', patch('lists', 'a', { order: 1 }), 'ambiguous unclassified'],
    ['a form it does not take', { ...put('lists', 'a', { name: 'x' }), op: 'MERGE' }, 'reject invalid'],
  ])('reads a 400 for %s', async (_, entry, verdict) => {
    const { preset } = await started();
    expect(await verdictOf(preset, entry)).toBe(verdict);
  });

  it('a replay after a lost answer does no harm', async () => {
    const { standIn, preset, store } = await started();
    const transaction = transactionOf(put('lists', 'a', { name: 'A' }), remove('todos', 'b'));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(store.rows('lists')).toHaveLength(1);
  });

  it('carries a token and headers of the app where told to, as CORS allows', async () => {
    const { standIn } = await started();
    const preset = dotnet({ url: standIn.url, userId, authorization: 'bearer', headers: { 'x-app': '1' } });
    await verdictOf(preset, put('lists', 'a', { name: 'A' }));
    const [, write] = standIn.requests;
    expect(write?.headers).toMatchObject({ 'x-app': '1', authorization: expect.stringMatching(/^Bearer /) });
  });
});

describe('nestjs()', () => {
  const [p1, p2] = ['9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d', '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6e'];

  async function started() {
    const standIn = await startNestjs();
    const login = () => ({ email: 'ann@example.com', password: 'secret' });
    return { standIn, store: standIn.store, preset: nestjs({ url: standIn.url, login }) };
  }

  it('sends a transaction as the SDK writes it', async () => {
    const { standIn, preset } = await started();
    const entry = { ...put('Product', p1, { name: 'x' }), clientId: 12, transactionId: 1 };
    await verdictOf(preset, entry, { ...remove('Product', p2), clientId: 13 });
    expect(standIn.requests.at(-1)?.json).toEqual({
      crud: [
        { op_id: 12, op: 'PUT', type: 'Product', id: p1, tx_id: 1, data: { name: 'x' } },
        { op_id: 13, op: 'DELETE', type: 'Product', id: p2, tx_id: 1 },
      ],
      haveMore: false,
      transactionId: 1,
    });
  });

  it('reads what was discarded behind a 201 as a rejection', async () => {
    const { preset, store } = await started();
    const [outcome] = await outcomesOf(
      preset,
      transactionOf(put('Product', p1, { name: 'x' }), patch('Product', p2, { name: 'y' })),
    );
    expect(outcome).toMatchObject({
      status: 'rejected',
      error: { code: 'invalid' },
      details: { processed: 0 },
      inBand: false, // It doesn't say why, so the breaker counts it.
    });
    expect(store.rows('Product')).toEqual([]);
  });

  it.each([{ success: true, processed: 1 }, { success: true }, { success: false, processed: 0 }, [], null])(
    'keeps the write where the number does not fit: %j',
    async (body) => {
      const { standIn, preset } = await started();
      standIn.answerInstead({ status: 201, body: JSON.stringify(body) });
      const entries = [put('Product', p1, { name: 'x' }), put('Product', p2, { name: 'x' })];
      expect(await verdictOf(preset, ...entries)).toBe('retry misconfigured');
    },
  );

  it('signs in with what it is given, when a token is needed', async () => {
    const { standIn } = await started();
    const url = standIn.url;
    expect(await credentialsOf(nestjs({ url, login: () => null }))).toBe('signed out');
    const wrong = nestjs({ url, login: async () => ({ email: 'a@b.example', password: 'guess' }) });
    expect(await credentialsOf(wrong)).toBe('unauthenticated');
    expect(() => nestjs({ url } as never)).toThrow('nestjs: option "login"');
  });

  it('a replay after a lost answer does no harm', async () => {
    const { standIn, preset, store } = await started();
    const transaction = transactionOf(put('Product', p1, { name: 'A' }), remove('Product', p2));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(store.rows('Product')).toHaveLength(1);
  });
});

describe('agentSkills()', () => {
  async function started() {
    const standIn = await startAgentSkills();
    return { standIn, store: standIn.store, preset: agentSkills({ url: standIn.url, userId }) };
  }

  it('sends operations with the token, which it fetches before the first upload', async () => {
    const { standIn, preset } = await started();
    await verdictOf(preset, put('lists', 'a', { name: 'A' }), remove('todos', 'b'));
    const { json, headers } = first(standIn, 'POST');
    expect(headers.authorization).toMatch(/^Bearer \S+$/);
    expect(json).toEqual({
      operations: [
        { id: 'a', op: 'PUT', table: 'lists', opData: { name: 'A' } },
        { id: 'b', op: 'DELETE', table: 'todos' },
      ],
    });
  });

  it.each([
    ['deadlock detected', 'retry unavailable'],
    ['Query read timeout', 'retry unavailable'],
    ['something odd', 'ambiguous unclassified'],
    ['relation "projects" does not exist', 'hold schema_mismatch'],
    ['duplicate key value violates unique constraint "x"', 'reject conflict'],
  ])('reads "success: false" by its words: %s', async (words, verdict) => {
    const { standIn, preset } = await started();
    standIn.failInside(words);
    expect(await verdictOf(preset, put('lists', 'a', { name: 'A' }))).toBe(verdict);
    expect(standIn.store.rows('lists')).toEqual([]);
  });

  it.each([
    ['as it is', {}],
    ['with its list of allowed tables', { allowList: true }],
  ])('holds what meets an unknown table, %s', async (_, options) => {
    const { url } = await startAgentSkills(options);
    const preset = agentSkills({ url, userId });
    for (const entry of [put('projects', 'a', { name: 'x' }), remove('projects', 'a')])
      expect(await verdictOf(preset, entry)).toBe('hold schema_mismatch');
  });

  it('writes names of columns without quotes', async () => {
    const { preset } = await started();
    const row = (columns: object) => put('lists', 'a', { name: 'A', ...columns });
    expect(await verdictOf(preset, row({ colour: 'red' }))).toBe('hold schema_mismatch');
    expect(await verdictOf(preset, row({ createdAt: 'x' }))).toBe('hold schema_mismatch');
    expect(await verdictOf(preset, row({ order: 1 }))).toBe('ambiguous unclassified');
  });

  it.each([
    ['a row of 150 kB', [put('todos', 'a', { description: 'x'.repeat(150_000) })]],
    [
      'a transaction of 2,000 entries',
      Array.from({ length: 2_000 }, (_, index) => put('todos', `t${index}`, { description: 'Milk' })),
    ],
  ])('rejects %s, and says which limit to raise', async (_, entries) => {
    const { preset, store } = await started();
    const [outcome] = await outcomesOf(preset, transactionOf(...entries));
    expect(outcome).toMatchObject({
      status: 'rejected',
      error: { code: 'too_large', status: 413, message: expect.stringContaining('express.json()') },
    });
    expect(store.rows('todos')).toEqual([]);
  });

  it('keeps a request of several transactions below the limit, or below another', async () => {
    const { standIn, store } = await started();
    const options = { url: standIn.url, userId, maxTransactions: 50 };
    const large = Array.from({ length: 3 }, (_, index) =>
      transactionOf(put('todos', `t${index}`, { description: 'x'.repeat(40_000) })),
    );
    expect(await verdictsOf(agentSkills(options), ...large)).toEqual(['applied', 'applied', 'not_attempted']);
    expect(store.rows('todos')).toHaveLength(2);
    const lower = agentSkills({ ...options, maxBodyBytes: 50_000 });
    expect(await verdictsOf(lower, ...large)).toEqual(['applied', 'not_attempted', 'not_attempted']);
    const higher = agentSkills({ ...options, maxBodyBytes: 200_000 });
    expect(await verdictsOf(higher, ...large)).toEqual(['reject too_large']); // Thrown: the connector sends halves.
    expect(() => agentSkills({ ...options, maxBodyBytes: 0 })).toThrow('option "maxBodyBytes"');
  });

  it('a transaction above the limit is kept until the limit is raised, and holds up nothing', async () => {
    const db = memoryDatabase();
    const connect = async (maxBodyBytes: number) => {
      const { url, store } = await startAgentSkills({ maxBodyBytes });
      const preset = agentSkills({ url, userId });
      const connector = new BackendConnector({ endpoint: 'https://service.test', ...preset });
      onTestFinished(() => connector.close());
      return { store, drain: () => connector.drain(db) };
    };
    await db.writeTransaction(async (tx) => {
      for (let index = 0; index < 2_000; index++) await tx.put('todos', `t${index}`, { description: 'Milk' });
    });
    await db.put('lists', 'a', { name: 'A' });
    const limited = await connect(102_400);
    expect(await limited.drain()).toMatchObject({ drained: true, applied: 1, rejected: 1 });
    expect(limited.store.rows('lists')).toHaveLength(1);
    const [write] = await listRejected(db);
    expect(write).toMatchObject({ code: 'too_large', message: expect.stringContaining('express.json()') });
    expect(write?.entries).toHaveLength(2_000);

    const raised = await connect(5_000_000);
    await retryRejected(db, write?.key ?? '');
    expect(await raised.drain()).toMatchObject({ drained: true, rejected: 0 });
    expect(raised.store.rows('todos')).toHaveLength(2_000);
    expect(await listRejected(db)).toEqual([]);
  });

  it('rejects a new row without columns before it is sent', async () => {
    const { standIn, preset } = await started();
    expect(await verdictOf(preset, put('lists', 'a'))).toBe('reject invalid');
    expect(standIn.requests).toEqual([]);
  });

  it('a replay after a lost answer does no harm', async () => {
    const { standIn, preset, store } = await started();
    const transaction = transactionOf(put('lists', 'a', { name: 'A' }));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(store.rows('lists')).toHaveLength(1);
  });
});

describe('tanstackStarter()', () => {
  const id = '6f0e4d0c-9d54-4f6a-8f1c-2b3d4e5f6a7b';
  const list = { name: 'A', owner_id: 'u1' };

  async function started() {
    const warnings = vi.spyOn(console, 'warn').mockReturnValue();
    onTestFinished(() => warnings.mockRestore());
    const standIn = await startTanstackStarter();
    const preset = tanstackStarter({ url: standIn.url, userId });
    return { standIn, store: standIn.store, preset, warnings };
  }

  it('sends operations, and gets a token', async () => {
    const { standIn, preset, store } = await started();
    expect(await verdictOf(preset, put('lists', id, list), remove('todos', id))).toBe('applied');
    expect(first(standIn, 'POST').json).toEqual({
      operations: [
        { id, op: 'PUT', table: 'lists', opData: list },
        { id, op: 'DELETE', table: 'todos' },
      ],
    });
    expect(store.rows('lists')).toEqual([{ id, ...list }]);
    expect(standIn.tokens).toContain(await credentialsOf(preset));
  });

  it.each([
    ['an unknown table', put('projects', id, { name: 'x' }), 'hold schema_mismatch'],
    ['an id that is none', put('lists', '', list), 'reject invalid'],
    ['an id of another form', put('lists', 'a', list), 'reject invalid'],
    ['a value that the database refuses', put('lists', id, { name: 'A' }), 'reject invalid'],
  ])('reads what it answers to %s', async (_, entry, verdict) => {
    const { preset, store } = await started();
    expect(await verdictOf(preset, put('todos', id, { description: 'x', list_id: id }), entry)).toBe(verdict);
    expect(store.rows('todos')).toEqual([]);
  });

  it.each([
    [
      'in words of zod 3',
      { fieldErrors: { operations: ["Invalid enum value. Expected 'lists' | 'todos', received 'x'"] } },
    ],
    [
      'beside another problem',
      { formErrors: [], fieldErrors: { operations: ['Too small', 'Invalid option: expected one of "a"'] } },
    ],
  ])('holds what meets an unknown table, %s', async (_, error) => {
    const { standIn, preset } = await started();
    standIn.answerInstead({ status: 200, body: { success: false, error } });
    expect(await verdictOf(preset, put('lists', id, list))).toBe('hold schema_mismatch');
  });

  it.each([
    ['an object of another form', { code: 'ECONNREFUSED' }],
    ['nothing', undefined],
    ['an empty object', {}],
    [
      'that nothing has arrived, in words of zod 4',
      { fieldErrors: { operations: ['Invalid input: expected array, received undefined'] } },
    ],
    ['that nothing has arrived, in words of zod 3', { fieldErrors: { operations: ['Required'] } }],
  ])('an error that is %s is ambiguous', async (_, error) => {
    const { standIn, preset } = await started();
    standIn.answerInstead({ status: 200, body: { success: false, error } });
    expect(await verdictOf(preset, put('lists', id, list))).toBe('ambiguous unclassified');
  });

  it('holds a new row that would be stored with none of its columns, before it is sent', async () => {
    const { standIn, preset } = await started();
    const [outcome] = await outcomesOf(preset, transactionOf(put('todos', id, { note: 'x', amount: 1 })));
    expect(outcome).toMatchObject({
      error: { code: 'schema_mismatch', message: expect.stringContaining('tableConfig') },
    });
    expect(await verdictOf(preset, put('todos', id))).toBe('reject invalid');
    expect(standIn.requests).toEqual([]);
  });

  it('warns once of a column that the backend drops', async () => {
    const { preset, store, warnings } = await started();
    await verdictOf(preset, put('todos', id, { description: 'x', list_id: id, note: 'lost' }));
    await verdictOf(preset, patch('todos', id, { note: 'lost', completed: 1 }));
    expect(store.rows('todos')).toEqual([{ id, description: 'x', list_id: id, completed: true }]);
    expect(warnings.mock.calls).toEqual([[expect.stringContaining('"todos.note"')]]);
  });

  it.each(['constructor', '__proto__', 'toString'])(
    'a table named %s is none that it knows',
    async (table) => {
      const { preset, warnings } = await started();
      expect(await verdictOf(preset, put(table, id, { name: 'x' }))).toBe('hold schema_mismatch');
      expect(warnings).not.toHaveBeenCalled();
    },
  );

  it('knows the tables and columns that the app has added to the backend', async () => {
    const { standIn, warnings } = await started();
    const tables = { todos: ['list_id', 'description', 'note'] };
    const preset = tanstackStarter({ url: standIn.url, userId, tables });
    expect(await verdictOf(preset, put('todos', id, { description: 'x', list_id: id, note: 'x' }))).toBe(
      'applied',
    );
    expect(warnings).not.toHaveBeenCalled();
    expect(() => tanstackStarter({ url: 'http://a', userId, tables: ['todos'] as never })).toThrow(
      'option "tables"',
    );
    expect(() => tanstackStarter({ url: 'http://a', userId, tables: { todos: 'x' } as never })).toThrow(
      'option "tables"',
    );
  });

  it('has no limit for a body', async () => {
    const { preset } = await started();
    expect(await verdictOf(preset, put('todos', id, { description: 'x'.repeat(150_000), list_id: id }))).toBe(
      'applied',
    );
  });

  it('a replay after a lost answer makes no second row', async () => {
    const { standIn, preset, store } = await started();
    const transaction = transactionOf(put('lists', id, list));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(store.rows('lists')).toHaveLength(1);
  });
});

describe('cloudcode()', () => {
  async function started() {
    const standIn = await startCloudcode();
    return { standIn, store: standIn.store, preset: cloudcode({ url: standIn.url, userId }) };
  }

  it('sends the documented body and nothing else', async () => {
    const { standIn, preset } = await started();
    await verdictOf(preset, put('lists', 'a', { name: 'A' }), remove('todos', 'b'));
    expect(standIn.requests[0]?.json).toEqual({
      batch: [
        { op: 'PUT', table: 'lists', id: 'a', data: { name: 'A' } },
        { op: 'DELETE', table: 'todos', id: 'b' },
      ],
    });
  });

  it.each(['{"message":"Missing Authentication Token"}', 'RBAC: access denied'])(
    'a 403 of a gateway refuses nothing: %s',
    async (body) => {
      const { standIn, preset } = await started();
      standIn.answerInstead({ status: 403, body });
      expect(await verdictOf(preset, put('lists', 'a', { name: 'A' }))).toBe('retry misconfigured');
    },
  );

  it.each([400, 403, 409, 422, 500])('cannot tell what a %i means, but by its words', async (status) => {
    const { standIn, preset } = await started();
    const row = () => put('lists', 'a', { name: 'A' });
    standIn.answerInstead({ status, body: 'no' });
    expect(await verdictOf(preset, row())).toBe('ambiguous unclassified');
    standIn.answerInstead({ status, body: { error: 'connect ECONNREFUSED 127.0.0.1:27017' } });
    expect(await verdictOf(preset, row())).toBe('retry unavailable');
    standIn.answerInstead({ status, body: { message: 'E11000 duplicate key error collection: x' } });
    expect(await verdictOf(preset, row())).toBe('reject conflict');
    standIn.answerInstead({ status, body: '<html>' });
    expect(await verdictOf(preset, row())).toMatch(/^retry /);
  });

  it('a replay after a lost answer goes through', async () => {
    const { standIn, preset } = await started();
    const transaction = transactionOf(put('lists', 'a', { name: 'A' }));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
  });
});
