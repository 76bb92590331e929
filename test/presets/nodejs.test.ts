import { nodejs } from 'powersync-backend-connector/presets';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startNodejs } from '../support/published-backends/nodejs.ts';
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

async function started(options: { persister?: 'sql' | 'mongodb'; maxTransactions?: number } = {}) {
  const standIn = await startNodejs(options.persister === 'mongodb' ? 'mongodb' : 'postgres');
  return { standIn, store: standIn.store, preset: nodejs({ url: standIn.url, userId: 'u1', ...options }) };
}

describe('nodejs()', () => {
  it('sends a transaction in one request, without a header that CORS does not allow', async () => {
    const { standIn, preset } = await started();
    await verdictOf(preset, put('lists', 'a', { name: 'A' }), put('todos', 'b'), remove('todos', 'b'));
    const { headers, json, method, path } = first(standIn);
    expect([method, path]).toEqual(['POST', '/api/data']);
    expect(json.batch).toEqual([
      { op: 'PUT', table: 'lists', id: 'a', data: { name: 'A' } },
      { op: 'PUT', table: 'todos', id: 'b', data: {} },
      { op: 'DELETE', table: 'todos', id: 'b' },
    ]);
    expect(headers.authorization).toBeUndefined();
    const preflight = await fetch(`${standIn.url}/api/data`, { method: 'OPTIONS' });
    const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase().split(',') ?? [];
    const ofTheClient = [
      ...['accept', 'accept-encoding', 'accept-language', 'connection', 'content-length', 'host'],
      ...['sec-fetch-mode', 'transfer-encoding', 'user-agent'],
    ];
    const others = Object.keys(headers).filter((name) => ![...allowed, ...ofTheClient].includes(name));
    expect(others).toEqual([]);
  });

  it('rejects what a constraint refuses, with the words of the backend in the details alone', async () => {
    const { preset, store } = await started();
    const [outcome] = await outcomesOf(
      preset,
      transactionOf(put('todos', 'b', { note: 1 }), put('lists', 'a')),
    );
    expect(outcome).toMatchObject({
      status: 'rejected',
      inBand: false,
      error: { code: 'invalid', status: 400 },
      details: { message: expect.stringContaining('not-null') },
    });
    expect(store.rows('todos')).toEqual([]);
    await verdictOf(preset, put('lists', 'a', { name: 'A' }));
    expect(await verdictOf(preset, put('lists', 'b', { name: 'A' }))).toBe('reject conflict');
  });

  it('holds what meets an unknown table or column', async () => {
    const { preset } = await started();
    for (const entry of [
      put('projects', 'a'),
      patch('projects', 'a', { name: 'x' }),
      remove('projects', 'a'),
      put('lists', 'a', { name: 'A', colour: 'red' }),
      patch('lists', 'a', { colour: 'red' }),
    ])
      expect(await verdictOf(preset, entry)).toBe('hold schema_mismatch');
  });

  it('drops a PATCH without columns from among the others', async () => {
    const { preset, store } = await started();
    await verdictOf(preset, put('lists', 'a', { name: 'A' }));
    const entries = [patch('lists', 'a', {}), patch('lists', 'a', { name: 'B' })];
    expect(await verdictOf(preset, ...entries)).toBe('applied');
    expect(store.rows('lists')).toMatchObject([{ name: 'B' }]);
  });

  it('a replay after a lost answer does no harm', async () => {
    const { standIn, store, preset } = await started();
    const transaction = transactionOf(put('lists', 'a', { name: 'A' }), patch('lists', 'a', { name: 'B' }));
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(store.rows('lists')).toEqual([{ id: 'a', name: 'B' }]);
  });

  it('rejects a body above the limit, and says which limit to raise', async () => {
    const { preset } = await started();
    const [outcome] = await outcomesOf(
      preset,
      transactionOf(put('lists', 'a', { name: 'x'.repeat(150_000) })),
    );
    expect(outcome).toMatchObject({
      status: 'rejected',
      error: { code: 'too_large', status: 413, message: expect.stringContaining('express.json()') },
      inBand: false,
    });
  });

  it('where no answer comes to a body above the limit, it says what that may mean', async () => {
    const { standIn, preset } = await started();
    standIn.answerInstead({ status: 0, dies: true });
    const tell = async (name: string) => {
      const [outcome] = await outcomesOf(preset, transactionOf(put('lists', 'a', { name })));
      return outcome && 'error' in outcome ? outcome.error.message : '';
    };
    expect(await tell('x'.repeat(101_000))).toMatch(/^\[network] .*too large/);
    expect(await tell('é'.repeat(51_000))).toMatch(/^\[network] .*too large/);
    expect(await tell('x'.repeat(90_000))).not.toContain('too large');
  });

  it('sends several transactions in one request if told to, in halves if that is refused', async () => {
    const { standIn, store, preset } = await started({ maxTransactions: 10 });
    const good = [transactionOf(put('lists', 'a', { name: 'A' })), transactionOf(put('todos', 'b'))];
    expect(await verdictsOf(preset, ...good)).toEqual(['applied', 'applied']);
    expect(standIn.requests).toHaveLength(1);
    // The connector bisects what is thrown.
    expect(await verdictsOf(preset, ...good, transactionOf(put('lists', 'c')))).toEqual(['reject invalid']);
    expect(store.rows('lists')).toHaveLength(1);
  });

  it('asks anew whom the token is for, and gets none for nobody', async () => {
    const { standIn } = await started();
    let userId: string | null = null;
    const preset = nodejs({ url: standIn.url, userId: () => userId });
    expect(await credentialsOf(preset)).toBe('signed out');
    expect(standIn.requests).toEqual([]);
    userId = 'a b&c';
    expect(standIn.tokens).toContain(await credentialsOf(preset));
    expect(standIn.requests[0]?.query.get('user_id')).toBe('a b&c');
    for (const wrong of ['', undefined, 7]) {
      userId = wrong as never;
      expect(await credentialsOf(preset)).toBe('misconfigured');
    }
  });

  it('names an option that is wrong', () => {
    const url = 'http://a';
    expect(() => nodejs({ url, userId: '' })).toThrow('nodejs: option "userId"');
    expect(() => nodejs({ url } as never)).toThrow('nodejs: option "userId"');
    expect(() => nodejs({ url, userId: 'u', persister: 'mongo' as never })).toThrow('option "persister"');
    expect(() => nodejs({ url, userId: 'u', maxTransactions: 0 })).toThrow('option "maxTransactions"');
  });
});

describe('nodejs() with MongoDB', () => {
  it('goes on behind what was applied before the answer was lost', async () => {
    const { standIn, store, preset } = await started({ persister: 'mongodb' });
    const transaction = transactionOf(
      put('lists', 'a', { name: 'A' }),
      put('lists', 'b', { name: 'B' }),
      remove('lists', 'a'),
    );
    standIn.loseReplies(1);
    expect(await verdictsOf(preset, transaction)).toEqual(['retry network']);
    expect(await verdictsOf(preset, transaction)).toEqual(['applied']);
    expect(store.rows('lists')).toEqual([{ id: 'b', name: 'B' }]);
  });

  it('gives the columns of a PUT to a row that is there already', async () => {
    const { store, preset } = await started({ persister: 'mongodb' });
    store.insert('lists', 'a', { name: 'old' });
    expect(await verdictOf(preset, put('lists', 'a', { name: 'new' }))).toBe('applied');
    expect(store.rows('lists')).toEqual([{ id: 'a', name: 'new' }]);
    expect(await verdictOf(preset, put('lists', 'a'))).toBe('applied');
  });

  it('rejects a duplicate of anything but the own id', async () => {
    const { standIn, preset } = await started({ persister: 'mongodb' });
    const words = (index: string, key: string) =>
      `Request failed: E11000 duplicate key error collection: app.lists index: ${index} dup key: ${key}`;
    for (const [index, key] of [
      ['name_1', '{ name: "a" }'],
      ['_id_', '{ _id: "another" }'],
    ] as const) {
      standIn.answerInstead(({ json }) =>
        json.batch[0].op === 'PUT' ? { status: 400, body: { message: words(index, key) } } : undefined,
      );
      expect(await verdictOf(preset, put('lists', 'a', { name: 'a' }))).toBe('reject conflict');
    }
    expect(standIn.requests).toHaveLength(2); // No PATCH, which MongoDB would say yes to, though there is no such row.
  });

  it('where the row is there already, what becomes of its columns counts', async () => {
    const { standIn, store, preset } = await started({ persister: 'mongodb' });
    for (const [message, verdict] of [
      ['connect ECONNREFUSED 127.0.0.1:27017', 'retry unavailable'],
      ['Document failed validation', 'reject invalid'],
      ['odd', 'ambiguous unclassified'],
    ] as const) {
      store.upsert('lists', 'a', { name: 'old' });
      standIn.answerInstead(({ json }) =>
        json.batch[0].op === 'PATCH'
          ? { status: 400, body: { message: `Request failed: ${message}` } }
          : undefined,
      );
      expect(await verdictOf(preset, put('lists', 'a', { name: 'a' }))).toBe(verdict);
    }
  });

  it('warns once of a table and of a column that the backend skips', async () => {
    const warnings = vi.spyOn(console, 'warn').mockReturnValue();
    onTestFinished(() => warnings.mockRestore());
    const { store, preset } = await started({ persister: 'mongodb' });
    await verdictOf(preset, put('lists', 'a', { name: 'A', colour: 'red' }));
    await verdictOf(preset, patch('lists', 'a', { colour: 'blue' }));
    await verdictOf(preset, put('projects', 'a', { name: 'A' }), remove('projects', 'b'));
    expect(store.rows('lists')).toEqual([{ id: 'a', name: 'A' }]);
    expect(warnings.mock.calls.map(([text]) => text)).toEqual([
      expect.stringContaining('"lists.colour"'),
      expect.stringContaining('"projects"'),
    ]);
  });

  it('warns of nothing in production', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const warnings = vi.spyOn(console, 'warn').mockReturnValue();
    onTestFinished(() => {
      warnings.mockRestore();
      vi.unstubAllEnvs();
    });
    const { preset } = await started({ persister: 'mongodb' });
    await verdictOf(preset, put('projects', 'a', { name: 'A' }));
    expect(warnings).not.toHaveBeenCalled();
  });

  it('rejects what its validation refuses', async () => {
    const { standIn, preset } = await started({ persister: 'mongodb' });
    const problem = {
      expected: 'string',
      code: 'invalid_type',
      path: ['owner_id'],
      message: 'Invalid input',
    };
    const message = `Request failed: ${JSON.stringify([problem], null, 2)}`;
    standIn.answerInstead({ status: 400, body: { message } });
    expect(await verdictOf(preset, put('lists', 'a', { name: 'a' }))).toBe('reject invalid');
  });

  it('reads words of any length in no time', async () => {
    const { standIn, preset } = await started({ persister: 'mongodb' });
    const message = `Request failed${': E11000 x index: _id_ dup key: { _id: "a'.repeat(6_000)}`;
    standIn.answerInstead({ status: 400, body: { message } });
    const startedAt = performance.now();
    await verdictOf(preset, put('lists', 'a', { name: 'a' }));
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  it('keeps a PUT of a row that is there where the PATCH behind it meets a wrong address', async () => {
    const { standIn, store, preset } = await started({ persister: 'mongodb' });
    store.insert('lists', 'a', { name: 'old' });
    standIn.answerInstead(({ json }) =>
      json.batch[0].op === 'PATCH' ? { status: 404, type: 'text/html', body: '<html>' } : undefined,
    );
    expect(await verdictOf(preset, put('lists', 'a', { name: 'new' }))).toBe('retry misconfigured');
  });
});
