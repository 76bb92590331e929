import { decodeJwt } from 'jose';
import { BackendConnector } from 'powersync-backend-connector';
import { selfCheck } from 'powersync-backend-connector/diagnostics';
import { expect, it } from 'vitest';
import { mockTokenEndpoint, mockWriteApi } from '../../src/testing/mocks.ts';
import { listen } from './support.ts';

const url = 'https://api.test/api/auth/token';

async function tokenOf(response: Response): Promise<string> {
  return ((await response.json()) as { token: string }).token;
}

it('issues tokens that expire, each another one', async () => {
  const now = 1_800_000_000_500;
  const auth = mockTokenEndpoint({
    url,
    clock: () => now,
    lifetimeMs: 60_000,
    userId: 'ada',
    endpoint: 'https://service.test',
    claims: { role: 'naïve 🥛', aud: 'x' },
  });
  listen(...auth.handlers);
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ token: auth.tokens[0], powersync_url: 'https://service.test' });
  await auth.fetch(url);
  expect(new Set(auth.tokens).size).toBe(2);
  expect(decodeJwt(auth.tokens[0] ?? '')).toEqual({
    sub: 'ada',
    iat: 1_800_000_000,
    exp: 1_800_000_060,
    jti: 'token-1',
    role: 'naïve 🥛',
    aud: 'x',
  });
});

it('issues them for the user that the request names', async () => {
  const auth = mockTokenEndpoint({ url });
  const token = await tokenOf(await auth.fetch(`${url}?v=1&user_id=a%20b`));
  expect(decodeJwt(token)).toMatchObject({ sub: 'a b', exp: expect.any(Number) });
  expect(decodeJwt(await tokenOf(await auth.fetch(url))).sub).toBe('user');
});

it('answers GET alone', async () => {
  expect((await mockTokenEndpoint({ url }).fetch(url, { method: 'POST' })).status).toBe(404);
});

it('fails by script, as every mock does', async () => {
  const auth = mockTokenEndpoint({ url });
  auth.failNext(401);
  auth.html();
  auth.dropReply();
  expect(auth.pending).toHaveLength(3);
  expect((await auth.fetch(url)).status).toBe(401);
  expect((await auth.fetch(url)).headers.get('content-type')).toBe('text/html');
  await expect(auth.fetch(url)).rejects.toThrow(TypeError);
  expect(auth.tokens).toHaveLength(1);
  auth.offline();
  await expect(auth.fetch(url)).rejects.toThrow(TypeError);
  auth.reset();
  expect(auth).toMatchObject({ tokens: [], received: [], pending: [] });
  const token = await tokenOf(await auth.fetch(url));
  expect(decodeJwt(token).jti).toBe('token-2');
});

it('its tokens serve a connector until they expire', async () => {
  let now = Date.now();
  const clock = () => now;
  const auth = mockTokenEndpoint({ url, clock });
  const api = mockWriteApi({ url: 'https://api.test/api/data', clock });
  listen(...auth.handlers, ...api.handlers);
  const connector = new BackendConnector({
    endpoint: 'https://powersync.test',
    credentials: async () => ({ token: await tokenOf(await fetch(url)) }),
    transport: async () => [],
    clock,
  });
  const first = await connector.fetchCredentials();
  expect(first).toMatchObject({ token: auth.tokens[0] });
  const post = (token = '') =>
    fetch(api.url, { method: 'POST', headers: { authorization: `Bearer ${token}` } }).then(
      ({ status }) => status,
    );
  expect(await post(first?.token)).toBe(400);
  now += 300_000;
  expect(await post(first?.token)).toBe(401);
  expect(await post((await connector.fetchCredentials())?.token)).toBe(400);
  expect(auth.tokens).toHaveLength(2);
});

it('selfCheck() finds a set-up of mocks good', async () => {
  const auth = mockTokenEndpoint({ url, claims: { aud: 'https://service.test' } });
  const api = mockWriteApi({ url: 'https://api.test/api/data' });
  const findings = await selfCheck(
    {
      endpoint: 'https://service.test',
      credentials: async () => ({ token: await tokenOf(await auth.fetch(url)) }),
      url: api.url,
    },
    { fetch: api.fetch },
  );
  expect(findings.filter(({ ok }) => !ok)).toEqual([]);
  expect(findings.map(({ check }) => check)).toContain('authentication');
});

it.each([
  ['lifetimeMs', { lifetimeMs: -1 }],
  ['userId', { userId: 1 }],
  ['endpoint', { endpoint: 1 }],
  ['claims', { claims: null }],
  ['tables', { tables: {} }],
])('its option %s is checked', (name, options) => {
  expect(() => mockTokenEndpoint({ url, ...options } as never)).toThrow(`"${name}"`);
});
