import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { UploadError } from 'powersync-backend-connector';
import { supabaseCredentials } from 'powersync-backend-connector/supabase';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AuthStandIn, startAuthStandIn } from '../support/auth-stand-in.ts';
import { ANON_KEY, everythingIn } from './support.ts';

// The client is the real one; Supabase Auth is a stand-in (test/support/auth-stand-in.ts).

let auth: AuthStandIn;
let client: SupabaseClient;
const { signal } = new AbortController();

beforeAll(async () => {
  auth = await startAuthStandIn();
});
afterAll(() => auth.close());
beforeEach(() => {
  auth.lifetime = 3600;
  auth.grants.length = 0;
  client = openClient();
});

function openClient(storage?: Map<string, string>): SupabaseClient {
  const shared = storage && {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, value: string) => void storage.set(key, value),
    removeItem: (key: string) => void storage.delete(key),
  };
  return createClient(auth.url, ANON_KEY, {
    auth: {
      persistSession: shared !== undefined,
      autoRefreshToken: false,
      ...(shared && { storage: shared }),
    },
  });
}

async function signIn(user = 'ada', as = client): Promise<string> {
  const { data } = await as.auth.signInWithPassword({ email: `${user}@example.com`, password: 'secret' });
  return data.session?.access_token ?? '';
}

async function failure(asked: Promise<unknown>): Promise<UploadError> {
  return UploadError.from(
    await asked.then(
      (answer) => new Error(`It answered ${JSON.stringify(answer)}`),
      (error: unknown) => error,
    ),
  );
}

it('nobody signed in: null, and nobody is asked', async () => {
  expect(await supabaseCredentials({ client })({ signal })).toBe(null);
  expect(auth.grants).toEqual([]);
});

it('gives the token of the session, without a refresh', async () => {
  const token = await signIn();
  expect(await supabaseCredentials({ client })({ signal })).toEqual({ token });
  expect(auth.grants).toEqual(['password']);
});

it('refreshes when asked again while the session has the token that was given last: it was refused', async () => {
  const first = await signIn();
  const credentials = supabaseCredentials({ client });
  await credentials({ signal });
  const second = await credentials({ signal });
  expect(second?.token).not.toBe(first);
  expect(second?.token).toBe((await client.auth.getSession()).data.session?.access_token);
  expect(auth.grants).toEqual(['password', 'refresh_token']);
});

it('does not when the session has another one already, by the refresh of another tab or of the client', async () => {
  const storage = new Map<string, string>();
  const [here, there] = [openClient(storage), openClient(storage)];
  await signIn('ada', here);
  const credentials = supabaseCredentials({ client: here });
  await credentials({ signal });
  const { data } = await there.auth.refreshSession();
  expect(await credentials({ signal })).toEqual({ token: data.session?.access_token });
  expect(auth.grants).toEqual(['password', 'refresh_token']);
});

it('gives the token of whoever is signed in now', async () => {
  const credentials = supabaseCredentials({ client });
  await signIn('ada');
  await credentials({ signal });
  const token = await signIn('bob');
  expect(await credentials({ signal })).toEqual({ token });
});

it('a session that is about to run out is refreshed first', async () => {
  auth.lifetime = 30;
  const old = await signIn();
  auth.lifetime = 3600;
  const given = await supabaseCredentials({ client })({ signal });
  expect(given?.token).not.toBe(old);
});

it('null after signing out', async () => {
  await signIn();
  const credentials = supabaseCredentials({ client });
  await credentials({ signal });
  await client.auth.signOut();
  expect(await credentials({ signal })).toBe(null);
});

it('null when the server knows the session no more', async () => {
  await signIn();
  const credentials = supabaseCredentials({ client });
  await credentials({ signal });
  auth.revokeAll();
  expect(await credentials({ signal })).toBe(null);
});

it('throws when the server wants to be asked later: the user is still signed in', async () => {
  await signIn();
  const credentials = supabaseCredentials({ client });
  await credentials({ signal });
  auth.failNext({ status: 429, body: { code: 'over_request_rate_limit', message: 'SECRET' } });
  const error = await failure(credentials({ signal }));
  expect(error).toMatchObject({ code: 'throttled', status: 429 });
  expect(everythingIn(error)).not.toContain('SECRET');
});

it.each([
  ['a page of a firewall', { status: 403, body: '<h1>Forbidden</h1>' }, 'unknown'],
  ['a wrong API key', { status: 401, body: { message: 'Invalid API key' } }, 'unauthenticated'],
  ['a wrong url', { status: 404, body: { message: 'no such route' } }, 'misconfigured'],
  ['a refusal of another kind', { status: 403, body: { code: 'insufficient_aal' } }, 'unavailable'],
])('throws at %s, by a code that never rejects a write', async (_, fault, code) => {
  await signIn();
  const credentials = supabaseCredentials({ client });
  await credentials({ signal });
  auth.failNext(fault);
  expect(await failure(credentials({ signal }))).toMatchObject({ code });
});

it('does not wait for a server that never answers', async () => {
  await signIn();
  const credentials = supabaseCredentials({ client });
  await credentials({ signal });
  auth.failNext('hang');
  const controller = new AbortController();
  const asked = failure(credentials({ signal: controller.signal }));
  await expect.poll(() => auth.grants).toContain('refresh_token');
  controller.abort();
  expect(await asked).toMatchObject({ code: 'aborted' });
  expect(await failure(credentials({ signal: controller.signal }))).toMatchObject({ code: 'aborted' });
});

it('a refresh that ends after it was given up is not taken for one that was given', async () => {
  await signIn();
  const credentials = supabaseCredentials({ client });
  const controller = new AbortController();
  const asked = failure(credentials({ signal: controller.signal }));
  controller.abort();
  await asked;
  const { data } = await client.auth.getSession();
  expect(await credentials({ signal })).toEqual({ token: data.session?.access_token });
  expect(auth.grants).toEqual(['password']);
});

describe('options', () => {
  it('a client whose sessions are elsewhere is refused at once', () => {
    const client = createClient(auth.url, ANON_KEY, { accessToken: async () => 'token' });
    expect(() => supabaseCredentials({ client })).toThrow(TypeError);
    expect(() => supabaseCredentials({ client })).toThrow(/option "client" must be .*accessToken/);
  });

  it.each([[undefined], [null], [{}], [{ auth: {} }], ['client']])('the client %j', (client) => {
    expect(() => supabaseCredentials({ client } as never)).toThrow(/supabaseCredentials: option "client"/);
  });

  it('a misspelt one', () => {
    expect(() => supabaseCredentials({ client, cleint: 1 } as never)).toThrow(/no option "cleint"/);
  });
});
