// Each mock, with the transport it is for.
import { createClient } from '@supabase/supabase-js';
import { writeService } from 'powersync-backend-connector/connect';
import { graphql, type Mutations } from 'powersync-backend-connector/graphql';
import { edgeFunction, postgrest } from 'powersync-backend-connector/supabase';
import { describe, expect, it } from 'vitest';
import { mockEdgeFunction, mockGraphql, mockPostgrest, mockWriteService } from '../../src/testing/mocks.ts';
import { context } from '../http/support.ts';
import { errorFrom, listen, one, said } from './support.ts';

function supabase(fetch?: typeof globalThis.fetch) {
  return createClient('https://project.test', 'anon-key', {
    auth: { persistSession: false, autoRefreshToken: false },
    ...(fetch && { global: { fetch } }),
  });
}

const GRAPHQL = 'https://api.test/graphql';
const MUTATIONS: Mutations = ({ op }) => ({
  mutation: `mutation ($entry: Entry!, $key: ID!) { ${op.toLowerCase()}(entry: $entry, key: $key) { id } }`,
  variables: (entry, { key }) => ({ entry, key }),
});

const KITS = {
  'graphql()': () => {
    const api = mockGraphql({ url: GRAPHQL });
    return { api, over: (fetch?: typeof globalThis.fetch) => graphql({ url: GRAPHQL, fetch }) };
  },
  'graphql({ mutations })': () => {
    const api = mockGraphql({
      url: GRAPHQL,
      read: ({ variables: { entry, key } }) => ({ key, entries: [entry] }),
    });
    return {
      api,
      over: (fetch?: typeof globalThis.fetch) => graphql({ url: GRAPHQL, fetch, mutations: MUTATIONS }),
    };
  },
  'postgrest()': () => {
    const api = mockPostgrest({ url: 'https://project.test/rest/v1' });
    return { api, over: (fetch?: typeof globalThis.fetch) => postgrest({ client: supabase(fetch) }) };
  },
  'postgrest({ rpc })': () => {
    const api = mockPostgrest({ url: 'https://project.test/rest/v1' });
    return {
      api,
      over: (fetch?: typeof globalThis.fetch) =>
        postgrest({ client: supabase(fetch), rpc: 'powersync_upload' }),
    };
  },
  'edgeFunction()': () => {
    const api = mockEdgeFunction({ url: 'https://project.test/functions/v1/upload' });
    return {
      api,
      over: (fetch?: typeof globalThis.fetch) => edgeFunction({ client: supabase(fetch), name: 'upload' }),
    };
  },
  'edgeFunction({ oneTransaction })': () => {
    const api = mockEdgeFunction({ url: 'https://project.test/functions/v1/upload', oneTransaction: true });
    return {
      api,
      over: (fetch?: typeof globalThis.fetch) =>
        edgeFunction({ client: supabase(fetch), name: 'upload', oneTransaction: true }),
    };
  },
  'writeService()': () => {
    const api = mockWriteService();
    return { api, over: () => writeService({ transport: api.transport }) };
  },
};

const CODES: Record<string, [code: string, meaning: string]> = {
  'graphql()': ['UNIQUE_VIOLATION', 'conflict'],
  'graphql({ mutations })': ['CONFLICT', 'conflict'],
  'postgrest()': ['23505', 'conflict'],
  'postgrest({ rpc })': ['23502', 'invalid'],
  'edgeFunction()': ['UNIQUE_VIOLATION', 'conflict'],
  'edgeFunction({ oneTransaction })': ['CHECK_VIOLATION', 'invalid'],
  'writeService()': ['UNIQUE_VIOLATION', 'conflict'],
};

/** The mock, without msw, or behind it. */
function open(name: keyof typeof KITS, face: 'fetch' | 'msw' = 'fetch') {
  const { api, over } = KITS[name]();
  if (face === 'msw' && 'handlers' in api) listen(...(api.handlers as []));
  const transport = over(face === 'fetch' && 'fetch' in api ? (api.fetch as typeof fetch) : undefined);
  return { api, transport };
}

const stored = { lists: { a: { name: 'a' } } };

describe.each(Object.keys(KITS) as (keyof typeof KITS)[])('%s', (name) => {
  it.each(['fetch', 'msw'] as const)('stores what is sent (%s)', async (face) => {
    const { api, transport } = open(name, face);
    expect(await said(transport, one('a'))).toBe('applied');
    expect(api.tables).toEqual(stored);
    expect(api.executions).toBe(1);
    expect(api.received).toMatchObject([
      {
        headers: { authorization: 'Bearer jwt' },
        transactions: [{ entries: [{ op: 'PUT', table: 'lists', id: 'a', opData: { name: 'a' } }] }],
      },
    ]);
    expect(await said(transport, one('p', { id: 'a', op: 'PATCH', opData: { name: 'z' } }))).toBe('applied');
    expect(api.tables).toEqual({ lists: { a: { name: 'z' } } });
    expect(await said(transport, one('d', { id: 'a', op: 'DELETE' }))).toBe('applied');
    expect(api.tables).toEqual({});
  });

  it('rejectNext() refuses one transaction for good', async () => {
    const { api, transport } = open(name);
    const [code, meaning] = CODES[name] ?? ['', ''];
    api.rejectNext(code, { message: 'because' });
    const [outcome] = await transport(one('a'), context());
    expect(outcome).toMatchObject({ status: 'rejected', entryIndex: 0, error: { code: meaning } });
    expect(JSON.stringify(outcome)).toContain('because');
    expect(api.tables).toEqual({});
    expect(await said(transport, one('b'))).toBe('applied');
  });

  it('failNext() fails the request', async () => {
    const { api, transport } = open(name);
    api.failNext(503);
    expect(await said(transport, one('a'))).toBe('unavailable');
    api.failNext(429);
    expect(await said(transport, one('a'))).toBe('throttled');
    expect(api.tables).toEqual({});
    expect(await said(transport, one('a'))).toBe('applied');
  });

  it('dropReply() loses the answer of what was applied', async () => {
    const { api, transport } = open(name);
    api.dropReply();
    expect(await said(transport, one('a'))).toBe('network');
    expect(api.tables).toEqual(stored);
    expect(await said(transport, one('a'))).toBe('applied');
    // Requests to tables carry no key: they are applied again, which changes nothing.
    expect(api.executions).toBe(name === 'postgrest()' ? 2 : 1);
  });

  it('html() keeps the write', async () => {
    const { api, transport } = open(name);
    api.html();
    expect(await said(transport, one('a'))).toBe('misconfigured');
    expect(api.tables).toEqual({});
  });

  it('truncate() keeps the write, where an answer has a body to cut', async () => {
    const { api, transport } = open(name);
    api.truncate();
    expect(await said(transport, one('a'))).toBe(name === 'postgrest()' ? 'applied' : 'misconfigured');
    expect(api.tables).toEqual(stored);
  });

  it('offline() lets nothing arrive', async () => {
    const { api, transport } = open(name);
    api.offline();
    expect(await said(transport, one('a'))).toBe('network');
    expect(api.received).toEqual([]);
    api.online();
    expect(await said(transport, one('a'))).toBe('applied');
  });

  it('expireToken() refuses the token until another one comes', async () => {
    const { api, transport } = open(name);
    api.expireToken();
    expect(await said(transport, one('a'))).toBe('unauthenticated');
    expect(await said(transport, one('a'), { token: async () => 'fresh' })).toBe('applied');
    expect(api.pending).toEqual([]);
  });

  it('limitBytes() refuses what is larger', async () => {
    const { api, transport } = open(name);
    api.limitBytes(10);
    expect(await said(transport, one('a'))).toBe('too_large');
    expect(api.tables).toEqual({});
  });

  it('freeze() keeps a request, which does nothing once it is aborted', async () => {
    const { api, transport } = open(name);
    api.freeze();
    const stop = new AbortController();
    const delivery = errorFrom(transport, one('a'), { signal: stop.signal });
    await expect.poll(() => api.received).toHaveLength(1);
    stop.abort();
    expect(await delivery).toMatchObject({ code: 'aborted' });
    api.release();
    expect(await said(transport, one('b'))).toBe('applied');
    expect(Object.keys(api.tables.lists ?? {})).toEqual(['b']);
  });
});

it.each(['graphql()', 'edgeFunction()', 'writeService()'] as const)(
  '%s: wrongCount() and retryNext() keep the write',
  async (name) => {
    const { api, transport } = open(name);
    if ('wrongCount' in api) {
      api.wrongCount();
      api.retryNext({ retryAfterMs: 1234 });
    }
    expect(await said(transport, one('a'))).toBe('misconfigured');
    expect(api.tables).toEqual(stored);
    expect(await errorFrom(transport, one('b'))).toMatchObject({ code: 'unavailable', retryAfterMs: 1234 });
    expect(api.tables).toEqual(stored);
    expect(api.pending).toEqual([]);
  },
);

it('writeService() reads the Retry-After of a failed call', async () => {
  const { api, transport } = open('writeService()');
  api.failNext(503, { retryAfter: 7 });
  expect(await errorFrom(transport, one('a'))).toMatchObject({ code: 'unavailable', retryAfterMs: 7000 });
});

it('postgrest() finds out that a row is gone', async () => {
  const { transport } = open('postgrest()');
  expect(await said(transport, one('a', { op: 'PATCH', opData: { name: 'z' } }))).toBe('conflict');
  expect(await said(transport, one('b', { op: 'DELETE' }))).toBe('applied');
});
