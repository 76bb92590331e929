import { HttpResponse, http } from 'msw';
import { describe, expect, it, vi } from 'vitest';
import { context } from '../http/support.ts';
import { errorFrom, FACES, KITS, type KitName, listen, one, open, said } from './support.ts';

const names = Object.keys(KITS) as KitName[];
const stored = { lists: { a: { name: 'a' } } };

describe.each(names.flatMap((name) => FACES.map((face) => [name, face] as const)))(
  '%s over %s',
  (name, face) => {
    it('stores what is sent, and tells what came', async () => {
      const { api, transport } = open(name, face);
      expect(await said(transport, one('a'))).toBe('applied');
      expect(api.tables).toEqual(stored);
      expect(api.executions).toBe(1);
      expect(api.received).toHaveLength(1);
      const [received] = api.received;
      expect(received).toMatchObject({ status: 200 });
      expect(received?.url.startsWith(api.url)).toBe(true);
      expect(received?.headers).toMatchObject({
        authorization: 'Bearer jwt',
        'content-type': 'application/json',
      });
      expect(received?.body).toBeTypeOf('object');
      expect(received?.transactions).toMatchObject([
        {
          key: expect.stringContaining('key-of-a'),
          entries: [{ op: 'PUT', table: 'lists', id: 'a', opData: { name: 'a' } }],
        },
      ]);
      expect(api.pending).toEqual([]);
    });

    it('updates and deletes rows', async () => {
      const { api, transport } = open(name, face, {
        tables: { lists: { a: { name: 'a', note: 'x' }, b: {} } },
      });
      const patch = { op: 'PATCH', opData: { name: 'z' } };
      expect(await said(transport, one('a', patch))).toBe('applied');
      expect(await said(transport, one('b', { op: 'DELETE' }))).toBe('applied');
      expect(api.tables).toEqual({ lists: { a: { name: 'z', note: 'x' } } });
    });

    it('rejectNext() refuses one request, and nothing is stored', async () => {
      const { api, transport, code } = open(name, face);
      api.rejectNext(code, { details: { rule: 7 } });
      const [outcome] = await transport(one('a'), context());
      expect(outcome).toMatchObject({ status: 'rejected', entryIndex: 0 });
      expect(JSON.stringify(outcome)).toContain(code);
      expect(JSON.stringify(outcome)).toContain('"rule":7');
      expect(api.tables).toEqual({});
      expect(api.executions).toBe(0);
      expect(await said(transport, one('a'))).toBe('applied');
    });

    it('rejectNext({ where }) waits for its entry', async () => {
      const { api, transport, code } = open(name, face);
      api.rejectNext(code, { where: ({ opData }) => opData?.name === 'bad' });
      expect(await said(transport, one('a'))).toBe('applied');
      expect(api.pending).toEqual([`rejectNext("${code}")`]);
      expect(await said(transport, one('b', { opData: { name: 'bad' } }))).not.toBe('applied');
      expect(api.pending).toEqual([]);
      expect(api.tables).toEqual(stored);
    });

    it('failNext() answers with a status, and does nothing else', async () => {
      const { api, transport } = open(name, face);
      api.failNext(503, { retryAfter: 7 });
      expect(await errorFrom(transport, one('a'))).toMatchObject({
        code: 'unavailable',
        status: 503,
        retryAfterMs: 7000,
      });
      expect(api.tables).toEqual({});
      expect(api.received[0]?.status).toBe(503);
      expect(await said(transport, one('a'))).toBe('applied');
    });

    it('dropReply() applies, and loses the answer; the repeated request is applied no second time', async () => {
      const { api, transport } = open(name, face);
      api.dropReply();
      expect(await said(transport, one('a'))).toBe('network');
      expect(api.tables).toEqual(stored);
      expect(await said(transport, one('a'))).toBe('applied');
      expect(api.received.map(({ status }) => status)).toEqual([undefined, 200]);
      expect(api.received[0]?.transactions).toEqual(api.received[1]?.transactions);
      expect(api.executions).toBe(1);
    });

    it('idempotent: false applies a repeated request once more', async () => {
      const { api, transport } = open(name, face, { idempotent: false });
      api.dropReply();
      await said(transport, one('a'));
      await said(transport, one('a'));
      expect(api.executions).toBe(2);
    });

    it('html() answers with a web page, and does nothing else', async () => {
      const { api, transport } = open(name, face);
      api.html();
      expect(await said(transport, one('a'))).toBe('misconfigured');
      api.html({ status: 403 });
      expect(await said(transport, one('a'))).toBe('misconfigured');
      expect(api.received.map(({ status }) => status)).toEqual([200, 403]);
      expect(api.tables).toEqual({});
    });

    it('truncate() applies, and cuts the answer', async () => {
      const { api, transport } = open(name, face);
      api.truncate();
      expect(await said(transport, one('a'))).toBe('misconfigured');
      expect(api.tables).toEqual(stored);
    });

    it('expireToken() refuses the token until another one comes', async () => {
      const { api, transport } = open(name, face);
      expect(await said(transport, one('a'))).toBe('applied');
      api.expireToken();
      expect(api.pending).toEqual(['expireToken()']);
      for (const tries of [1, 2]) expect(await said(transport, one(`b${tries}`))).toBe('unauthenticated');
      expect(await said(transport, one('c'), { token: async () => 'fresh' })).toBe('applied');
      expect(api.received.map(({ status }) => status)).toEqual([200, 401, 401, 200]);
      expect(api.pending).toEqual([]);
      expect(Object.keys(api.tables.lists ?? {})).toEqual(['a', 'c']);
    });

    it('expireToken() before any request refuses the first token that comes', async () => {
      const { api, transport } = open(name, face);
      api.expireToken();
      expect(await said(transport, one('a'), { token: async () => 'old' })).toBe('unauthenticated');
      expect(await said(transport, one('a'), { token: async () => 'new' })).toBe('applied');
      expect(await said(transport, one('b'), { token: async () => 'old' })).toBe('unauthenticated');
    });

    it('a request that is refused for its token uses up no fault', async () => {
      const { api, transport } = open(name, face);
      api.expireToken();
      api.failNext(500);
      expect(await said(transport, one('a'))).toBe('unauthenticated');
      expect(await said(transport, one('a'), { token: async () => 'fresh' })).toBe('unavailable');
    });

    it('limitBytes() answers 413 to more, or as browsers see it without CORS headers', async () => {
      const { api, transport } = open(name, face);
      const large = one('large', { opData: { name: 'x'.repeat(500) } });
      api.limitBytes(400);
      expect(await said(transport, large)).toBe('too_large');
      expect(await said(transport, one('a'))).toBe('applied');
      api.limitBytes(400, { cors: false });
      expect(await said(transport, large)).toBe('network');
      expect(api.received.map(({ status }) => status)).toEqual([413, 200, undefined]);
      expect(api.tables).toEqual(stored);
      api.limitBytes(Number.POSITIVE_INFINITY);
      expect(await said(transport, large)).toBe('applied');
    });

    it('offline() lets nothing arrive until online()', async () => {
      const { api, transport } = open(name, face);
      api.offline();
      expect(await said(transport, one('a'))).toBe('network');
      expect(api.received).toEqual([]);
      api.online();
      expect(await said(transport, one('a'))).toBe('applied');
    });

    it('freeze() keeps requests until release()', async () => {
      const { api, transport } = open(name, face);
      api.freeze();
      const delivery = said(transport, one('a'));
      await expect.poll(() => api.received).toHaveLength(1);
      expect(api.received[0]).toMatchObject({
        status: undefined,
        transactions: [{ entries: [{ id: 'a' }] }],
      });
      expect(api.tables).toEqual({});
      api.release();
      expect(await delivery).toBe('applied');
      expect(api.tables).toEqual(stored);
    });

    it('a request that is aborted while it is frozen does nothing', async () => {
      const { api, transport } = open(name, face);
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

    it('reset() forgets everything, and loses what is on its way', async () => {
      const { api, transport, code } = open(name, face, { tables: { tags: { t: {} } } });
      await said(transport, one('a'));
      api.rejectNext(code);
      api.expireToken();
      api.limitBytes(1);
      api.freeze();
      const delivery = said(transport, one('b'), { token: async () => 'fresh' });
      await expect.poll(() => api.received).toHaveLength(2);
      api.reset();
      expect(await delivery).toBe('network');
      expect(api.tables).toEqual({ tags: { t: {} } });
      expect(api).toMatchObject({ received: [], pending: [], executions: 0 });
      expect(await said(transport, one('a'))).toBe('applied');
    });

    it('prepared faults happen in order, one a request', async () => {
      const { api, transport, code } = open(name, face);
      api.failNext(429);
      api.html();
      api.rejectNext(code);
      api.dropReply();
      expect(api.pending).toEqual(['failNext(429)', 'html()', `rejectNext("${code}")`, 'dropReply()']);
      const seen = [];
      for (let left = 4; left > 0; left--) seen.push(await said(transport, one('a')));
      expect(seen).toEqual([
        'throttled',
        'misconfigured',
        expect.stringMatching(/conflict|invalid/),
        'network',
      ]);
      expect(api.pending).toEqual([]);
    });

    it('refuses a JWT that has expired by its own claims', async () => {
      let now = 1_800_000_000_000;
      const { api, transport } = open(name, face, { clock: () => now });
      const payload = Buffer.from(JSON.stringify({ exp: 1_800_000_060 })).toString('base64url');
      const token = async () => `e30.${payload}.e30`;
      expect(await said(transport, one('a'), { token })).toBe('applied');
      now += 60_000;
      expect(await said(transport, one('b'), { token })).toBe('unauthenticated');
      expect(api.received.map(({ status }) => status)).toEqual([200, 401]);
    });
  },
);

describe.each(['writeApi()', 'batchEndpoint()'] as const)('%s', (name) => {
  it.each(FACES)('wrongCount() applies, and answers with one result less (%s)', async (face) => {
    const { api, transport } = open(name, face);
    if ('wrongCount' in api) api.wrongCount();
    expect(api.pending).toEqual(['wrongCount()']);
    expect(await said(transport, one('a'))).toBe('misconfigured');
    expect(api.tables).toEqual(stored);
  });

  it('leaves nothing of a refused transaction behind, unless atomic is false', async () => {
    const entries = [{ id: 'a' }, { id: 'bad' }, { id: 'c' }];
    for (const atomic of [true, false]) {
      const { api, transport, code } = open(name, 'fetch', { atomic });
      api.rejectNext(code, { where: ({ id }) => id === 'bad' });
      const [outcome] = await transport(one('t', ...entries), context());
      expect(outcome).toMatchObject({ status: 'rejected', entryIndex: 1 });
      expect(Object.keys(api.tables.lists ?? {})).toEqual(atomic ? [] : ['a']);
      expect(api.executions).toBe(0);
    }
  });
});

describe('the line', () => {
  it('delay() is a time that every request takes before anything is done', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { api, transport } = open('writeApi()', 'fetch');
      api.delay(1000);
      const delivery = said(transport, one('a'));
      await vi.advanceTimersByTimeAsync(999);
      expect(api.received).toHaveLength(1);
      expect(api.tables).toEqual({});
      await vi.advanceTimersByTimeAsync(1);
      expect(await delivery).toBe('applied');
      const stop = new AbortController();
      const aborted = errorFrom(transport, one('b'), { signal: stop.signal });
      await vi.advanceTimersByTimeAsync(500);
      stop.abort();
      expect(await aborted).toMatchObject({ code: 'aborted' });
      expect(vi.getTimerCount()).toBe(0);
      api.delay(0);
      expect(await said(transport, one('c'))).toBe('applied');
      expect(Object.keys(api.tables.lists ?? {})).toEqual(['a', 'c']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('what went offline while it was on its way is lost', async () => {
    const { api, transport } = open('writeApi()', 'fetch');
    api.freeze();
    const delivery = said(transport, one('a'));
    await expect.poll(() => api.received).toHaveLength(1);
    api.offline();
    api.release();
    expect(await delivery).toBe('network');
    expect(api.tables).toEqual({});
  });
});

describe('handlers', () => {
  it('leave other requests to other handlers', async () => {
    const one = KITS['writeApi()'].mock({ url: 'https://api.test/one' });
    const two = KITS['writeApi()'].mock({ url: 'https://api.test/two' });
    const server = listen(
      ...one.handlers,
      ...two.handlers,
      http.get('https://api.test/three', () => HttpResponse.text('3')),
    );
    expect((await fetch('https://api.test/two?v=1', { method: 'POST' })).status).toBe(401);
    expect([one.received.length, two.received.length]).toEqual([0, 1]);
    expect(await (await fetch('https://api.test/three')).text()).toBe('3');
    server.resetHandlers();
    server.restoreHandlers();
    server.use(...one.handlers);
    expect(server.listHandlers()).toHaveLength(3);
    expect((await fetch('https://api.test/one/', { method: 'POST' })).status).toBe(401);
  });

  it('fetch throws for another url, and names both', async () => {
    const api = KITS['writeApi()'].mock();
    await expect(api.fetch('https://elsewhere.test/api/data')).rejects.toThrow(
      'mockWriteApi() answers at https://api.test/api/data, but was asked for https://elsewhere.test/api/data.',
    );
    expect(api.received).toEqual([]);
  });
});
