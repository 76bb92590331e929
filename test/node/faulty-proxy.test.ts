import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../support/client.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { type LocalServer, readBody, startLocalServer } from '../support/service-stand-in/local-server.ts';

interface Seen {
  method: string;
  url: string;
  body: string;
  authorization: string | undefined;
}

let target: LocalServer;
let proxy: FaultyProxy;
let seen: Seen[];

const REPLY = { ok: true, note: 'grüße' };

beforeEach(async () => {
  seen = [];
  target = await startLocalServer(async (request, response) => {
    const body = (await readBody(request)).toString();
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, body, authorization: headers.authorization });
    response.writeHead(201, { 'content-type': 'application/json', 'x-from': 'target' });
    response.end(JSON.stringify(REPLY));
  });
  proxy = await startFaultyProxy(target.url);
});

afterEach(async () => {
  await proxy.close();
  await target.close();
});

async function send(path = '/writes', init: RequestInit = {}): Promise<Response> {
  return await fetch(proxy.url + path, { method: 'POST', body: '{"a":1}', ...init });
}

function fates() {
  return proxy.requests.map(({ status, targetStatus }) => [status, targetStatus]);
}

test('passes on a request and its reply unchanged', async () => {
  const response = await send('/writes?x=1', { headers: { authorization: 'Bearer abc' } });

  expect(response.status).toBe(201);
  expect(response.headers.get('x-from')).toBe('target');
  expect(await response.json()).toEqual(REPLY);
  expect(seen).toEqual([
    { method: 'POST', url: '/writes?x=1', body: '{"a":1}', authorization: 'Bearer abc' },
  ]);
  expect(proxy.requests).toEqual([
    {
      method: 'POST',
      path: '/writes',
      query: '?x=1',
      headers: expect.objectContaining({ authorization: 'Bearer abc' }),
      body: '{"a":1}',
      bytes: 7,
      at: expect.any(Number),
      status: 201,
      targetStatus: 201,
    },
  ]);
});

test('answers 502 if the target is down', async () => {
  await target.close();
  expect((await send()).status).toBe(502);
});

describe('failNext', () => {
  test('answers without the target, the given number of times', async () => {
    proxy.failNext(503, { times: 2, headers: { 'retry-after': '7' }, body: { error: 'later' } });

    const first = await send();
    expect(first.status).toBe(503);
    expect(first.headers.get('retry-after')).toBe('7');
    expect(first.headers.get('content-type')).toBe('application/json');
    expect(await first.json()).toEqual({ error: 'later' });
    expect((await send()).status).toBe(503);
    expect(seen).toEqual([]);

    expect((await send()).status).toBe(201);
    expect(fates()).toEqual([
      [503, undefined],
      [503, undefined],
      [201, 201],
    ]);
  });

  test('waits for a request that matches', async () => {
    proxy.failNext(500, { match: ({ path }) => path === '/writes' });
    expect((await send('/token')).status).toBe(201);
    expect((await send('/writes')).status).toBe(500);
    expect((await send('/writes')).status).toBe(201);
  });
});

test('dropNextReply lets the target apply the request, and sends no answer', async () => {
  proxy.dropNextReply();
  await expect(send()).rejects.toThrow('fetch failed');
  expect(seen).toHaveLength(1);
  expect((await send()).status).toBe(201);
  expect(fates()).toEqual([
    ['dropped', 201],
    [201, 201],
  ]);
});

test('disconnectNext sends no answer, and the target gets no request', async () => {
  proxy.disconnectNext();
  await expect(send()).rejects.toThrow('fetch failed');
  expect(seen).toEqual([]);
  expect((await send()).status).toBe(201);
  expect(fates()).toEqual([
    ['offline', undefined],
    [201, 201],
  ]);
});

test('delay delays a request', async () => {
  proxy.delay(120);
  const started = performance.now();
  await send();
  expect(performance.now() - started).toBeGreaterThanOrEqual(115);
  proxy.delay(60_000);
  proxy.delay(0);
  const startedAgain = performance.now();
  await send();
  expect(performance.now() - startedAgain).toBeLessThan(30_000);
});

test('a client that gives up during a delay is recorded, although its request arrives', async () => {
  proxy.delay(2_000); // The request has half of it to arrive, and the news of its end the other half.
  await expect(send('/writes', { signal: AbortSignal.timeout(1_000) })).rejects.toThrow('timeout');
  await waitFor(() => proxy.requests.length === 1, { what: 'the request' });
  expect(fates()).toEqual([['aborted', 201]]);
  expect(seen).toHaveLength(1);
});

test('hangNext never answers, and the target gets no request', async () => {
  proxy.hangNext();
  const client = new AbortController();
  const hanging = send('/writes', { signal: client.signal });
  await waitFor(() => proxy.requests.length === 1, { what: 'the request' });
  expect(await Promise.race([hanging, sleep(100, 'silence')])).toBe('silence');
  client.abort();
  await expect(hanging).rejects.toThrow('aborted');
  expect(seen).toEqual([]);
  expect((await send()).status).toBe(201);
  expect(fates()).toEqual([
    ['hung', undefined],
    [201, 201],
  ]);
});

test('offline destroys connections until it is turned off', async () => {
  proxy.hangNext();
  const inFlight = send();
  await waitFor(() => proxy.requests.length === 1, { what: 'the request in flight' });
  proxy.offline(true);
  await expect(inFlight).rejects.toThrow('fetch failed');
  await expect(send()).rejects.toThrow('fetch failed');
  expect(seen).toEqual([]);

  proxy.offline(false);
  expect((await send()).status).toBe(201);
  expect(fates()).toEqual([
    ['hung', undefined],
    ['offline', undefined],
    [201, 201],
  ]);
});

describe('truncateNextReply', () => {
  const whole = JSON.stringify(REPLY);
  const wholeBytes = Buffer.byteLength(whole);
  const half = Buffer.from(whole)
    .subarray(0, Math.floor(wholeBytes / 2))
    .toString();

  test('broken: the connection breaks in the middle of the body', async () => {
    proxy.truncateNextReply();
    const response = await send();
    expect(response.status).toBe(201);
    expect(response.headers.get('content-length')).toBe(String(wholeBytes));
    await expect(response.text()).rejects.toThrow('terminated');
  });

  test('stalled: the rest of the body never comes', async () => {
    proxy.truncateNextReply('stalled');
    const client = new AbortController();
    const response = await send('/writes', { signal: client.signal });
    expect(response.headers.get('content-length')).toBe(String(wholeBytes));
    const text = response.text();
    expect(await Promise.race([text, sleep(100, 'silence')])).toBe('silence');
    client.abort();
    await expect(text).rejects.toThrow('aborted');
  });

  test('unsized: half of the body looks complete', async () => {
    proxy.truncateNextReply('unsized');
    const response = await send();
    expect(response.headers.get('content-length')).toBeNull();
    expect(response.headers.get('transfer-encoding')).toBeNull();
    expect(await response.text()).toBe(half);
  });

  test('short-length: half of the body with its own length', async () => {
    proxy.truncateNextReply('short-length');
    const response = await send();
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(half)));
    expect(await response.text()).toBe(half);
  });

  test('the target has applied the request in every case', async () => {
    for (const how of ['broken', 'unsized', 'short-length'] as const) {
      proxy.truncateNextReply(how);
      await (await send()).text().catch(() => {});
    }
    expect(seen).toHaveLength(3);
    expect(fates()).toEqual([
      [201, 201],
      [201, 201],
      [201, 201],
    ]);
    expect(await (await send()).json()).toEqual(REPLY);
  });
});

test('htmlNextReply answers 200 with a page instead of the target', async () => {
  proxy.htmlNextReply();
  const response = await send();
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/html');
  expect(await response.text()).toContain('<!doctype html>');
  expect(seen).toEqual([]);
});

test('faults happen in the order in which they were set', async () => {
  proxy.failNext(500);
  proxy.dropNextReply();
  proxy.failNext(429);
  expect((await send()).status).toBe(500);
  await expect(send()).rejects.toThrow('fetch failed');
  expect((await send()).status).toBe(429);
});

test('heal removes all faults', async () => {
  proxy.failNext(500, { times: 5 });
  proxy.delay(60_000);
  proxy.offline(true);
  proxy.heal();
  const started = performance.now();
  expect((await send()).status).toBe(201);
  expect(performance.now() - started).toBeLessThan(30_000);
});

test('close does not wait for requests that hang', async () => {
  proxy.hangNext();
  const hanging = send().catch((error: unknown) => error);
  await waitFor(() => proxy.requests.length === 1, { what: 'the request' });
  const started = performance.now();
  await proxy.close();
  expect(performance.now() - started).toBeLessThan(15_000); // The request would hang for ever.
  expect(await hanging).toBeInstanceOf(TypeError);
});

test('refuses longer bodies itself while there is a limit', async () => {
  proxy.limitBytes(7);
  expect((await send()).status).toBe(201);
  const refused = await send('/writes', { body: '{"a":10}' });
  expect(refused.status).toBe(413);
  expect(refused.headers.get('x-from')).toBe(null);
  proxy.heal();
  expect((await send('/writes', { body: '{"a":10}' })).status).toBe(201);
  expect(fates()).toEqual([
    [201, 201],
    [413, undefined],
    [201, 201],
  ]);
});
