import { createClient } from '@supabase/supabase-js';
import type { Transport } from 'powersync-backend-connector';
import { edgeFunction, postgrest, supabaseCredentials } from 'powersync-backend-connector/supabase';
import { unsignedJwt } from 'powersync-backend-connector/testing';
import { expect, it } from 'vitest';
import { startServer } from '../http/support.ts';
import { ANON_KEY, CLIENTS, context, each, entry, failureOf } from './support.ts';

// The clients are the real ones. Two servers: one that redirects, and one that would take anything.

const batch = each(
  entry('PUT', 'lists', 'l1', { name: 'Home' }),
  entry('PATCH', 'lists', 'l1', { name: 'House' }),
  entry('DELETE', 'lists', 'l1'),
);
const STATUSES = [301, 302, 303, 307, 308];

/** Believes everything, in the forms of PostgREST, of an Edge Function and of Supabase Auth. */
function startElsewhere() {
  return startServer((response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-range': '0-0/1' });
    const token = unsignedJwt({ sub: 'eve' });
    const session = { access_token: token, refresh_token: 'r', expires_in: 3600, user: { id: 'eve' } };
    response.end(JSON.stringify({ status: 'applied', results: [{ status: 'success' }], ...session }));
  });
}

async function startRedirecting(status: number, where: 'elsewhere' | 'home') {
  const elsewhere = await startElsewhere();
  const server = await startServer((response, { path }) => {
    if (path.startsWith('/moved'))
      return response
        .writeHead(200, { 'content-range': '0-0/1', 'content-type': 'application/json' })
        .end('[]');
    const location = where === 'home' ? `/moved${path}` : `${elsewhere.url}${path}`;
    response.writeHead(status, { location }).end();
  });
  return { url: server.url, elsewhere: elsewhere.requests, moved: () => server.requests.slice(1) };
}

const TRANSPORTS: Record<string, (url: string, fetch?: typeof globalThis.fetch) => Transport> = {
  ...Object.fromEntries(
    Object.entries(CLIENTS).map(([name, open]) => [name, (url: string) => postgrest({ client: open(url) })]),
  ),
  'an SQL function': (url, fetch) =>
    postgrest({
      client: createClient(url, ANON_KEY, { global: { ...(fetch && { fetch }) } }),
      rpc: 'upload',
    }),
  'an Edge Function': (url, fetch) =>
    edgeFunction({
      client: createClient(url, ANON_KEY, { global: { ...(fetch && { fetch }) } }),
      name: 'upload',
      maxTransactions: 1,
    }),
};

/** What the first transaction met, thrown or told. */
async function codeOf(delivery: ReturnType<Transport>): Promise<string> {
  try {
    const [first] = await delivery;
    return first && 'error' in first ? first.error.code : `${first?.status}`;
  } catch (error) {
    return (await failureOf(Promise.reject(error))).code;
  }
}

for (const [name, open] of Object.entries(TRANSPORTS)) {
  it.each(STATUSES)(`${name}: a %i to another origin is not followed`, async (status) => {
    const { url, elsewhere } = await startRedirecting(status, 'elsewhere');
    expect(await codeOf(open(url)(batch, context()))).toBe('misconfigured');
    expect(elsewhere).toEqual([]);
  });

  it.each(STATUSES)(`${name}: a %i to the same origin is not followed either`, async (status) => {
    const { url, moved } = await startRedirecting(status, 'home');
    expect(await codeOf(open(url)(batch, context()))).toBe('misconfigured');
    expect(moved()).toEqual([]);
  });
}

/** Answers of a `fetch` that follows redirects, whatever it is told. */
const FOLLOWED: Record<string, (url: string) => Response> = {
  'Node: redirected': (url) => answer({ url, redirected: true }),
  'React Native: only the url tells': (url) =>
    answer({ redirected: undefined, url: url.replace('/v1/', '/v2/') }),
  'React Native: another origin': (url) =>
    answer({ redirected: undefined, url: url.replace('supabase.test', 'evil.test') }),
  'browsers: hidden': () => answer({ type: 'opaqueredirect', status: 0, ok: false }),
};

function answer(members: object): Response {
  const body = '{"status":"applied","results":[{"status":"success"}]}';
  const headers = { 'content-range': '0-0/1', 'content-type': 'application/json' };
  const response = new Response(body, { headers });
  for (const [member, value] of Object.entries(members)) Object.defineProperty(response, member, { value });
  return response;
}

it.each(Object.entries(FOLLOWED))('%s: what came of a redirect is not believed', async (_, made) => {
  const fetch = async (url: unknown) => made(String(url));
  for (const name of ['an SQL function', 'an Edge Function'])
    expect(
      await codeOf(TRANSPORTS[name]?.('https://supabase.test', fetch)?.(batch, context()) as never),
    ).toBe('misconfigured');
});

it.each(['an SQL function', 'an Edge Function'])('%s: the body of a redirect is let go', async (name) => {
  let cancelled = 0;
  const fetch = async () =>
    new Response(new ReadableStream({ cancel: () => void cancelled++ }), {
      status: 307,
      headers: { location: 'https://evil.test' },
    });
  const delivery = TRANSPORTS[name]?.('https://supabase.test', fetch)?.(batch, context());
  expect(await codeOf(delivery as never)).toBe('misconfigured');
  expect(cancelled).toBe(1);
});

it('an answer from the address that was asked is believed, however that is escaped', async () => {
  const fetch = async (url: unknown) =>
    answer({ redirected: undefined, url: decodeURI(String(url)).replace('test', 'TEST') });
  for (const name of ['an SQL function', 'an Edge Function']) {
    const delivery = TRANSPORTS[name]?.('https://supabase.test', fetch)?.(batch, context());
    expect(await codeOf(delivery as never)).toBe('applied');
  }
});

it('the message says what to change, and not where it led', async () => {
  const { url } = await startRedirecting(307, 'elsewhere');
  const [outcome] = await postgrest({ client: createClient(url, ANON_KEY) })(batch, context());
  expect(outcome).toMatchObject({ status: 'retry', error: { status: 307 } });
  const { message } = (outcome as { error: Error }).error;
  expect(message).toContain('createClient()');
  expect(message).not.toContain('127.0.0.1');
});

it('a refresh token goes nowhere else, and the session is kept', async () => {
  const { url, elsewhere } = await startRedirecting(307, 'elsewhere');
  const stored = new Map([
    [
      'session',
      JSON.stringify({
        access_token: unsignedJwt({ sub: 'ada' }),
        refresh_token: 'r',
        expires_at: 1,
        user: {},
      }),
    ],
  ]);
  const client = createClient(url, ANON_KEY, {
    auth: {
      storageKey: 'session',
      autoRefreshToken: false,
      storage: {
        getItem: (key) => stored.get(key) ?? null,
        setItem: (key, value) => void stored.set(key, value),
        removeItem: (key) => void stored.delete(key),
      },
    },
  });
  const { signal } = new AbortController();
  const asked = supabaseCredentials({ client })({ signal });
  expect((await failureOf(asked as never)).code).toBe('misconfigured');
  expect(elsewhere).toEqual([]);
  expect(stored.size).toBe(1);
});

it('what the app itself asks Supabase Auth for is its own business', async () => {
  const { url, elsewhere } = await startRedirecting(307, 'elsewhere');
  const client = createClient(url, ANON_KEY, { auth: { persistSession: false, autoRefreshToken: false } });
  supabaseCredentials({ client });
  await client.auth.signInWithPassword({ email: 'ada@example.com', password: 'x' });
  expect(elsewhere).toHaveLength(1);
});
