import type { ServerResponse } from 'node:http';
import { type Finding, type SelfCheckOptions, selfCheck } from 'powersync-backend-connector/diagnostics';
import { unsignedJwt } from 'powersync-backend-connector/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import { type ReceivedRequest, respond, startServer } from '../http/support.ts';

const ENDPOINT = 'https://service.test';
const now = Math.floor(Date.now() / 1000);
const GOOD = { sub: 'ada', aud: ENDPOINT, iat: now, exp: now + 3_600 };

const problems = (findings: Finding[]) => findings.filter(({ ok }) => !ok).map(({ check }) => check);
const messageOf = (findings: Finding[], check: Finding['check']) =>
  findings.find((finding) => finding.check === check)?.message;
const withToken = (token: string) => ({ credentials: async () => ({ token }) });
const run = (options: Partial<SelfCheckOptions>, more?: Parameters<typeof selfCheck>[1]) =>
  selfCheck({ endpoint: ENDPOINT, ...withToken(unsignedJwt(GOOD)), ...options }, more);

describe('selfCheck() against the example backend', () => {
  let backend: Backend;
  let url: string;
  beforeAll(async () => {
    backend = await startBackend();
    url = `${backend.url}/api/data`;
  });
  afterAll(() => backend.close());
  const credentials = async () => ({ token: await backend.issueToken('ada') });

  it('finds no problem in a good set-up, with its findings in a readable order', async () => {
    const findings = await run({ credentials, url });
    expect(problems(findings)).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual([
      'scope',
      'endpoint',
      'credentials',
      'token',
      'expiry',
      'lifetime',
      'subject',
      'audience',
      'url',
      'authentication',
    ]);
    expect(findings[0]?.message).toContain('No writes are sent');
    expect(messageOf(findings, 'audience')).toMatch(/\(powersync\) isn't the endpoint.*PSYNC_S2105/);
    expect(backend.executions()).toBe(0);
    expect(await backend.appliedTransactions()).toEqual([]);
  });

  it('the endpoint is the backend', async () => {
    for (const endpoint of [backend.url, `${backend.url}/`, url]) {
      expect(problems(await run({ endpoint, credentials, url }))).toEqual(['endpoint']);
    }
    expect(problems(await run({ endpoint: `${backend.url}0`, credentials, url }))).toEqual([]);
  });

  it('the token has expired, or is signed by somebody else', async () => {
    const expired = await run({
      ...withToken(await backend.issueToken('ada', { expiresInSeconds: -1_000 })),
      url,
    });
    expect(problems(expired)).toEqual(['expiry', 'lifetime', 'url']);
    expect(messageOf(expired, 'expiry')).toMatch(/expired 1\d{3} s ago/);
    expect(messageOf(expired, 'url')).toContain('refused the token (401)');
    expect(problems(await run({ url }))).toEqual(['url']);
  });

  it('there is no token: the backend is asked without one', async () => {
    const signedOut = await run({ credentials: async () => null, url });
    expect(problems(signedOut)).toEqual(['credentials']);
    expect(messageOf(signedOut, 'credentials')).toContain('nobody is signed in');
    expect(messageOf(signedOut, 'authentication')).toContain('401');
  });

  it('the path is wrong', async () => {
    const findings = await run({ credentials, url: `${backend.url}/api/dta` });
    expect(problems(findings)).toEqual(['url']);
    expect(messageOf(findings, 'url')).toMatch(/\(404\).*path/);
  });
});

describe('selfCheck(): the answer of the url', () => {
  const checkServer = async (
    handler: (response: ServerResponse, request: ReceivedRequest) => void,
    options: Partial<SelfCheckOptions> = {},
  ) => {
    const { url, requests } = await startServer(handler);
    const findings = await run({ url, ...options });
    return { findings, requests, message: messageOf(findings, 'url'), wrong: problems(findings) };
  };
  const contract = (response: ServerResponse, { headers }: ReceivedRequest) =>
    headers.authorization
      ? respond(response, 400, { message: 'transactions must have 1 to 50 members' })
      : respond(response, 401, { message: 'Missing bearer token' });

  it('sends two requests with an empty list, one of them without the token', async () => {
    const { requests, wrong } = await checkServer(contract, {
      headers: async () => ({ 'x-gateway': 'key' }),
    });
    expect(wrong).toEqual([]);
    const sent = requests.map(({ method, body, headers }) => ({
      method,
      body,
      gateway: headers['x-gateway'],
    }));
    const empty = { method: 'POST', body: '{"transactions":[]}', gateway: 'key' };
    expect(sent).toEqual([empty, empty]);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${unsignedJwt(GOOD)}`,
      undefined,
    ]);
  });

  it.each<[string, number, string, RegExp]>([
    ['a web page', 200, '<!doctype html><title>Welcome</title>', /A web page answered \(200\)/],
    ['a web page that refuses', 403, ' <html>', /A web page answered \(403\)/],
    ['another contract', 200, '{"ok":true}', /\(200\) isn't the reference write API's/],
    ['results without transactions', 200, '{"results":[{"status":"success"}]}', /isn't the reference/],
    ['a 400 that is not JSON', 400, 'Bad Request', /\(400\) isn't the reference/],
    ['a 400 without a message', 400, '{"error":"x"}', /isn't the reference/],
    ['null', 200, 'null', /isn't the reference/],
    ['no route', 404, '<html>', /Nothing takes a POST there \(404\)/],
    ['no POST', 405, '', /Nothing takes a POST there \(405\)/],
    ['a crash', 500, '{"message":"private words"}', /The backend fails \(500\)/],
  ])('%s', async (_, status, body, words) => {
    const { findings, requests, wrong, message } = await checkServer((response) =>
      respond(response, status, body),
    );
    expect(wrong).toEqual(['url']);
    expect(message).toMatch(words);
    expect(JSON.stringify(findings)).not.toContain('private words');
    expect(requests).toHaveLength(1);
  });

  it('a lenient backend that answers an empty list with an empty list is accepted', async () => {
    const { wrong } = await checkServer((response, { headers }) =>
      headers.authorization ? respond(response, 200, { results: [] }) : respond(response, 401, {}),
    );
    expect(wrong).toEqual([]);
  });

  it('a backend that accepts requests without a token', async () => {
    const { findings, wrong } = await checkServer((response) => respond(response, 400, { message: 'Empty' }));
    expect(wrong).toEqual(['authentication']);
    expect(messageOf(findings, 'authentication')).toMatch(/without a token is answered 400, not 401/);
  });

  it('a redirect is not followed: the token goes nowhere else', async () => {
    const elsewhere = await startServer(contract);
    const { message, wrong } = await checkServer((response) =>
      response.writeHead(307, { location: elsewhere.url }).end(),
    );
    expect(wrong).toEqual(['url']);
    expect(message).toMatch(/redirected.*Give the address it leads to/);
    expect(elsewhere.requests).toEqual([]);
  });

  it('a platform that follows redirects anyway', async () => {
    const elsewhere = await startServer(contract);
    const { url } = await startServer((response) =>
      response.writeHead(307, { location: elsewhere.url }).end(),
    );
    const follow: typeof fetch = (input, init) => fetch(input, { ...init, redirect: 'follow' });
    const findings = await run({ url }, { fetch: follow });
    expect(messageOf(findings, 'url')).toContain('redirect');
  });

  it('nothing listens there', async () => {
    const server = await startServer(contract);
    await server.close();
    const findings = await run({ url: server.url });
    expect(problems(findings)).toEqual(['url']);
    expect(messageOf(findings, 'url')).toMatch(/can't be reached \(TypeError\).*running.*CORS/);
  });

  it('it hangs, before the answer or in the middle of it', async () => {
    for (const hang of [
      () => {},
      (response: ServerResponse) => void response.writeHead(400).write('{"mess'),
    ]) {
      const { url } = await startServer(hang);
      const findings = await run({ url }, { timeoutMs: 50 });
      expect(problems(findings)).toEqual(['url']);
      expect(messageOf(findings, 'url')).toContain('no answer in time');
    }
  });

  it('the check is aborted: in the middle, and before it began', async () => {
    const controller = new AbortController();
    const { url, requests } = await startServer(() => controller.abort());
    const findings = await run({ url }, { signal: controller.signal });
    expect(messageOf(findings, 'url')).toContain('aborted');

    const credentials = vi.fn();
    const again = await run({ url, credentials }, { signal: controller.signal });
    expect(problems(again)).toEqual(['credentials', 'authentication']);
    expect(credentials).not.toHaveBeenCalled();
    expect(requests).toHaveLength(1);
  });
});

describe('selfCheck(): credentials and token', () => {
  /** At the time that the claims are written for, however long the tests before have taken. */
  const check = async (claims: unknown, clock = () => now * 1000) => {
    const findings = await run(withToken(unsignedJwt(claims)), { clock });
    return { findings, wrong: problems(findings) };
  };

  it('without a url, asks no backend', async () => {
    const fetch = () => Promise.reject(new Error('not to be called'));
    const findings = await run({}, { fetch });
    expect(problems(findings)).toEqual([]);
    expect(findings.map(({ check }) => check)).not.toContain('url');
    expect(messageOf(findings, 'scope')).toContain('backend is not asked');
  });

  it.each<[string, object, string[]]>([
    ['no exp', { exp: undefined }, ['expiry', 'lifetime']],
    ['no iat', { iat: undefined }, ['lifetime']],
    ['expired', { iat: now - 300, exp: now - 1 }, ['expiry']],
    ['issued in the future', { iat: now + 200, exp: now + 500 }, ['expiry']],
    ['59 s', { exp: now + 59 }, ['lifetime']],
    ['more than 24 h', { exp: now + 86_401 }, ['lifetime']],
    ['no sub', { sub: undefined }, ['subject']],
    ['a sub that is not text', { sub: 7 }, ['subject']],
    ['no aud', { aud: undefined }, ['audience']],
    ['an empty aud', { aud: [] }, ['audience']],
  ])('%s', async (_, change, wrong) => {
    expect((await check({ ...GOOD, ...change })).wrong).toEqual(wrong);
  });

  it('lifetimes of 60 s and 24 h are accepted', async () => {
    expect((await check({ ...GOOD, exp: now + 60 })).wrong).toEqual([]);
    expect((await check({ ...GOOD, exp: now + 86_400 })).wrong).toEqual([]);
  });

  it('reads the time from the clock that is given', async () => {
    expect((await check(GOOD, () => (now + 3_601) * 1000)).wrong).toEqual(['expiry']);
  });

  it('one of several aud values names the endpoint, with or without a slash', async () => {
    const { findings } = await check({ ...GOOD, aud: ['other', `${ENDPOINT}/`] });
    expect(messageOf(findings, 'audience')).toContain('names the endpoint');
  });

  it('an opaque token, which is not shown', async () => {
    for (const token of ['session-4711', 'a.b', `${btoa('{}')}.${btoa('"text"')}.x`]) {
      const findings = await run(withToken(token));
      expect(problems(findings)).toEqual(['token']);
      expect(JSON.stringify(findings)).not.toContain(token);
    }
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['throws', () => Promise.reject(new RangeError('secret words')), /failed \(RangeError\)/],
    ['throws something else', () => Promise.reject('secret words'), /failed \(string\)/],
    ['returns undefined', async () => undefined, /must return \{ token: string \}/],
    ['returns a token that is not text', async () => ({ token: 7 }), /must return \{ token: string \}/],
    ['returns an empty token', async () => ({ token: ' ' }), /must return \{ token: string \}/],
    ['hangs', () => new Promise(() => {}), /failed \(TimeoutError\)/],
  ])('credentials() %s', async (_, credentials, words) => {
    const findings = await run({ credentials: credentials as never }, { timeoutMs: 20 });
    expect(problems(findings)).toEqual(['credentials']);
    expect(messageOf(findings, 'credentials')).toMatch(words);
    expect(JSON.stringify(findings)).not.toContain('secret words');
  });

  it('aborts the signal of credentials that hang', async () => {
    const signals: { aborted: boolean }[] = [];
    const credentials = ({ signal }: { signal: AbortSignal }) => {
      signals.push(signal);
      return new Promise<null>(() => {});
    };
    await run({ credentials }, { timeoutMs: 20 });
    expect(signals).toMatchObject([{ aborted: true }]);
  });

  it('an endpoint that is no URL', async () => {
    expect(problems(await run({ endpoint: 'service.test' }))).toEqual(['endpoint']);
  });
});
