import fc from 'fast-check';
import ky from 'ky';
import { delay } from 'msw';
import type { UploadEntry } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { describe, expect, it, vi } from 'vitest';
import {
  batch,
  context,
  failureOf,
  put,
  refusal,
  results,
  serveWriteApi,
  success,
  transaction,
  URL_OF_API,
} from './support.ts';

const api = serveWriteApi();

describe('writeApi(): the request', () => {
  it('is one POST of JSON with a bearer token', async () => {
    const outcomes = await writeApi({ url: URL_OF_API })(batch('a', 'b'), context());
    expect(outcomes).toEqual([{ status: 'applied' }, { status: 'applied' }]);
    const { method, headers } = api.request();
    expect(method).toBe('POST');
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('authorization')).toBe('Bearer jwt');
  });

  it('sends no header that a browser would ask the backend about, besides those of the contract', async () => {
    await writeApi({ url: URL_OF_API })(batch('a'), context());
    const platforms =
      /^(accept|accept-(encoding|language)|connection|content-length|host|sec-.*|user-agent)$/;
    const own = [...api.request().headers.keys()].filter((name) => !platforms.test(name));
    expect(own.sort()).toEqual(['authorization', 'content-type']);
  });

  it('has exactly the members of the contract, and the idempotency key', async () => {
    const entries: UploadEntry[] = [
      {
        clientId: 21,
        op: 'PUT',
        table: 'widgets',
        id: 'w1',
        transactionId: 12,
        opData: { name: 'x', size: 1.5, note: null },
        metadata: 'from the form',
      },
      {
        clientId: 22,
        op: 'PATCH',
        table: 'widgets',
        id: 'w2',
        transactionId: 12,
        opData: { name: null },
        previousValues: { name: 'w' },
      },
      {
        clientId: 23,
        op: 'DELETE',
        table: 'widgets',
        id: 'w3',
        transactionId: 12,
        previousValues: { name: 'v' },
      },
    ];
    await writeApi({ url: URL_OF_API })(
      batch({ key: 'client:21-23:0011223344556677', transactionId: 12, entries }),
      context(),
    );
    expect(JSON.parse(api.request().text)).toStrictEqual({
      transactions: [
        {
          transaction_id: 12,
          idempotency_key: 'client:21-23:0011223344556677',
          crud: [
            {
              id: 'w1',
              op: 'PUT',
              table: 'widgets',
              transaction_id: 12,
              op_data: { name: 'x', size: 1.5, note: null },
              metadata: 'from the form',
            },
            {
              id: 'w2',
              op: 'PATCH',
              table: 'widgets',
              transaction_id: 12,
              op_data: { name: null },
              previous_values: { name: 'w' },
            },
            { id: 'w3', op: 'DELETE', table: 'widgets', transaction_id: 12, previous_values: { name: 'v' } },
          ],
        },
      ],
    });
  });

  it('leaves out what is missing, also where the SDK has null: the contract refuses null', async () => {
    const entry = {
      clientId: 1,
      op: 'PUT',
      table: 'lists',
      id: 'a',
      transactionId: null,
      opData: undefined,
      previousValues: null,
      metadata: null,
    } as unknown as UploadEntry;
    await writeApi({ url: URL_OF_API })(batch({ key: 'k', entries: [entry] }), context());
    expect(JSON.parse(api.request().text)).toStrictEqual({
      transactions: [{ idempotency_key: 'k', crud: [{ id: 'a', op: 'PUT', table: 'lists', op_data: {} }] }],
    });
  });

  it('sends an object with a PATCH of no columns, and no data with a DELETE', async () => {
    const patch = { ...put('a'), op: 'PATCH', opData: undefined };
    const remove = { ...put('b'), op: 'DELETE', opData: {} };
    await writeApi({ url: URL_OF_API })(batch(transaction('t', patch, remove)), context());
    const [first, second] = api.request().transactions[0]?.crud ?? [];
    expect(first).toHaveProperty('op_data', {});
    expect(second).not.toHaveProperty('op_data');
  });

  it('carries a row of 5 MB whole', async () => {
    const text = 'x'.repeat(5_000_000);
    await writeApi({ url: URL_OF_API })(batch(transaction('t', put('a', { text }))), context());
    expect(api.request().transactions[0]?.crud[0]?.op_data?.text === text).toBe(true);
  });

  it('carries a column named __proto__ like any other', async () => {
    const opData = JSON.parse('{"__proto__":"x","constructor":"y","name":"n"}');
    await writeApi({ url: URL_OF_API })(batch(transaction('t', put('a', opData))), context());
    expect(api.request().text).toContain('"op_data":{"__proto__":"x","constructor":"y","name":"n"}');
  });

  it('carries every text unharmed: emoji, lone surrogates, NUL, line separators, quotes', async () => {
    const column = fc.string({
      unit: fc.integer({ min: 0, max: 0xffff }).map((u) => String.fromCharCode(u)),
    });
    const awkward = ['👩‍👩‍👧‍👦', '\ud800', '\udc00\ud800', '\u0000', '\u2028\u2029', '"\\\n'];
    const seen = async (text: string) => {
      api.requests.length = 0;
      await writeApi({ url: URL_OF_API })(batch(transaction('t', put('a', { text }))), context());
      return api.request().transactions[0]?.crud[0]?.op_data?.text;
    };
    for (const text of awkward) expect(await seen(text)).toBe(text);
    await fc.assert(
      fc.asyncProperty(column, async (text) => {
        expect(await seen(text)).toBe(text);
      }),
      { numRuns: 30 },
    );
  });
});

describe('writeApi(): how much goes into one request', () => {
  it.each([
    [undefined, 50],
    [1, 1],
    [120, 120],
    [500, 130],
  ])('maxTransactions %o: of 130, %i', async (maxTransactions, count) => {
    const rows = Array.from({ length: 130 }, (_, index) => transaction(`t${index}`, put(`row ${index}`)));
    const outcomes = await writeApi({ url: URL_OF_API, maxTransactions })({ transactions: rows }, context());
    expect(api.request().transactions).toHaveLength(count);
    expect(outcomes.map(({ status }) => status)).toEqual(
      rows.map((_, index) => (index < count ? 'applied' : 'not_attempted')),
    );
  });

  it('cuts at maxBodyBytes; what did not fit was not attempted', async () => {
    const transport = writeApi({ url: URL_OF_API, maxBodyBytes: 700 });
    const rows = ['a', 'b', 'c', 'd'].map((id) => transaction(id, put(id, { text: 'x'.repeat(150) })));
    expect(await transport({ transactions: rows }, context())).toEqual([
      { status: 'applied' },
      { status: 'applied' },
      { status: 'not_attempted' },
      { status: 'not_attempted' },
    ]);
    expect(api.request().transactions.map(({ idempotency_key }) => idempotency_key)).toEqual([
      'key-of-a',
      'key-of-b',
    ]);
  });

  it('counts bytes, not characters, and never goes above the limit with more than one transaction', async () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '"', 'é', '€', '😀', '\ud800', '\n'),
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 1500 }),
        async (texts, maxBodyBytes) => {
          api.requests.length = 0;
          const rows = texts.map((value, index) => transaction(`${index}`, put(`${index}`, { value })));
          const outcomes = await writeApi({ url: URL_OF_API, maxBodyBytes })(
            { transactions: rows },
            context(),
          );
          const { text, transactions } = api.request();
          if (transactions.length > 1) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBodyBytes);
          // As many as fit: with the next one it would be too much.
          const next = rows[transactions.length];
          if (next) {
            const more = Buffer.byteLength(
              JSON.stringify({
                transaction_id: 7,
                idempotency_key: next.key,
                crud: next.entries.map(({ id, op, table, opData }) => ({ id, op, table, op_data: opData })),
              }),
            );
            expect(Buffer.byteLength(text) + more + 1).toBeGreaterThanOrEqual(maxBodyBytes);
          }
          expect(outcomes.map(({ status }) => status)).toEqual(
            rows.map((_, index) => (index < transactions.length ? 'applied' : 'not_attempted')),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('sends a single transaction above the limit all the same', async () => {
    const rows = batch(transaction('a', put('a', { text: 'x'.repeat(1000) })), 'b');
    const outcomes = await writeApi({ url: URL_OF_API, maxBodyBytes: 100 })(rows, context());
    expect(outcomes).toEqual([{ status: 'applied' }, { status: 'not_attempted' }]);
  });

  it('stays below the 100 kB of the published backends by default', async () => {
    const rows = Array.from({ length: 50 }, (_, i) =>
      transaction(`${i}`, put(`${i}`, { text: 'x'.repeat(5_000) })),
    );
    await writeApi({ url: URL_OF_API })({ transactions: rows }, context());
    expect(api.request().transactions.length).toBeGreaterThan(15);
    expect(Buffer.byteLength(api.request().text)).toBeLessThan(102_400);
  });

  it('never sends more than the 50 transactions of the contract', async () => {
    const rows = Array.from({ length: 51 }, (_, index) => transaction(`${index}`));
    const outcomes = await writeApi({ url: URL_OF_API })({ transactions: rows }, context());
    expect(api.request().transactions).toHaveLength(50);
    expect(outcomes).toHaveLength(51);
    expect(outcomes[50]).toEqual({ status: 'not_attempted' });
  });
});

describe('writeApi(): headers', () => {
  it('adds those of an object', async () => {
    await writeApi({ url: URL_OF_API, headers: { 'x-app-version': '1.4.0' } })(batch('a'), context());
    expect(api.request().headers.get('x-app-version')).toBe('1.4.0');
  });

  it('asks a function anew for each request', async () => {
    let count = 0;
    const transport = writeApi({ url: URL_OF_API, headers: () => ({ 'x-count': `${++count}` }) });
    await transport(batch('a'), context());
    await transport(batch('b'), context());
    expect(api.requests.map(({ headers }) => headers.get('x-count'))).toEqual(['1', '2']);
  });

  it('waits for an async function', async () => {
    const headers = async () => ({ 'x-tenant': 'acme' });
    await writeApi({ url: URL_OF_API, headers })(batch('a'), context());
    expect(api.request().headers.get('x-tenant')).toBe('acme');
  });

  it.each(['content-type', 'Content-Type'])(
    '%s of the app does not garble the one of the contract',
    async (name) => {
      await writeApi({ url: URL_OF_API, headers: { [name]: 'text/plain' } })(batch('a'), context());
      expect(api.request().headers.get('content-type')).toBe('application/json');
    },
  );

  it.each(['authorization', 'Authorization'])(
    '%s of the app is not mixed with the token into one value',
    async (name) => {
      await writeApi({ url: URL_OF_API, headers: { [name]: 'Basic YTpi' } })(batch('a'), context());
      expect(api.request().headers.get('authorization')).toMatch(/^(Bearer jwt|Basic YTpi)$/);
    },
  );

  it('does not lose the headers of a Headers object', async () => {
    const headers = new Headers({ 'x-app-version': '1.4.0' }) as unknown as Record<string, string>;
    let refused: unknown;
    try {
      await writeApi({ url: URL_OF_API, headers })(batch('a'), context());
    } catch (error) {
      refused = error;
    }
    if (refused) expect(refused).toMatchObject({ name: 'TypeError', message: /headers/ });
    else expect(api.request().headers.get('x-app-version')).toBe('1.4.0');
  });

  it('a headers function that throws: nothing is sent, nothing is lost', async () => {
    const headers = () => {
      throw new Error('no tenant chosen');
    };
    const failure = await failureOf(writeApi({ url: URL_OF_API, headers })(batch('a'), context()));
    expect(failure.code).toBe('unknown');
    expect(api.requests).toEqual([]);
  });

  it('a header value with a line break: nothing is sent, nothing is lost', async () => {
    const headers = { 'x-note': 'one\r\ntwo: three' };
    const failure = await failureOf(writeApi({ url: URL_OF_API, headers })(batch('a'), context()));
    expect(failure.code).toMatch(/^(unknown|misconfigured)$/);
    expect(api.requests).toEqual([]);
  });
});

describe('writeApi(): the token', () => {
  it('is asked for with each request, so a refreshed one is used', async () => {
    const tokens = ['first', 'second'];
    const token = async () => tokens.shift();
    const transport = writeApi({ url: URL_OF_API });
    await transport(batch('a'), context({ token }));
    await transport(batch('b'), context({ token }));
    expect(api.requests.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer first',
      'Bearer second',
    ]);
  });

  it('without one, nothing is sent', async () => {
    const failure = await failureOf(
      writeApi({ url: URL_OF_API })(batch('a'), context({ token: async () => undefined })),
    );
    expect(failure.code).toBe('unauthenticated');
    expect(api.requests).toEqual([]);
  });

  it('when it cannot be had, nothing is sent, and the reason is passed on', async () => {
    const reason = new Error('auth server down');
    const token = () => Promise.reject(reason);
    const delivery = writeApi({ url: URL_OF_API })(batch('a'), context({ token }));
    await expect(delivery).rejects.toBe(reason);
    expect(api.requests).toEqual([]);
  });

  it('tells the clock of the backend, where the answer has one', async () => {
    api.answers(
      new Response(JSON.stringify({ results: [success] }), {
        headers: { date: 'Sun, 06 Nov 1994 08:49:37 GMT' },
      }),
    );
    const serverTime = vi.fn();
    await writeApi({ url: URL_OF_API })(batch('a'), context({ serverTime }));
    expect(serverTime.mock.calls).toEqual([[Date.UTC(1994, 10, 6, 8, 49, 37)]]);
  });

  it('makes nothing of an answer whose date cannot be read', async () => {
    const serverTime = vi.fn();
    api.answers(new Response(JSON.stringify({ results: [success] }), { headers: { date: 'yesterday' } }));
    await writeApi({ url: URL_OF_API })(batch('a'), context({ serverTime }));
    expect(serverTime).not.toHaveBeenCalled();
  });
});

describe('writeApi(): fetch and ky of the app', () => {
  it('uses the given fetch instead of the platform’s', async () => {
    const fetch = vi.fn(async () => results(success));
    await writeApi({ url: 'https://nowhere.test/', fetch })(batch('a'), context());
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(api.requests).toEqual([]);
  });

  it('hands the body, the headers and a signal that can be aborted to the given fetch', async () => {
    const controller = new AbortController();
    let request!: Request;
    const fetch = async (input: string | URL | Request, init?: RequestInit) => {
      request = new Request(input, init);
      return results(success);
    };
    await writeApi({ url: URL_OF_API, fetch })(batch('a'), context({ signal: controller.signal }));
    expect(request.url).toBe(URL_OF_API);
    expect(request.method).toBe('POST');
    expect(request.headers.get('authorization')).toBe('Bearer jwt');
    expect(await request.json()).toHaveProperty('transactions.length', 1);
    controller.abort();
    expect(request.signal.aborted).toBe(true);
  });

  it('runs the hooks of a ky instance', async () => {
    const order: string[] = [];
    const own = ky.create({
      hooks: {
        beforeRequest: [
          ({ request }) => {
            order.push('before');
            request.headers.set('x-trace', '1');
          },
        ],
        afterResponse: [({ response }) => void order.push(`after ${response.status}`)],
      },
    });
    await writeApi({ url: URL_OF_API, ky: own })(batch('a'), context());
    expect(order).toEqual(['before', 'after 200']);
    expect(api.request().headers.get('x-trace')).toBe('1');
  });

  it('switches off the retries of a ky instance', async () => {
    api.answers(refusal(503));
    const own = ky.create({ retry: { limit: 5, methods: ['post'], statusCodes: [503], delay: () => 0 } });
    const failure = await failureOf(writeApi({ url: URL_OF_API, ky: own })(batch('a'), context()));
    expect(failure.code).toBe('unavailable');
    expect(api.requests).toHaveLength(1);
  });

  it('switches off retries that a hook of a ky instance asks for', async () => {
    const own = ky.create({ hooks: { afterResponse: [() => ky.retry({ delay: 0 })] } });
    await failureOf(writeApi({ url: URL_OF_API, ky: own })(batch('a'), context()));
    expect(api.requests).toHaveLength(1);
  });

  it.each(['timeout', 'totalTimeout'])(
    'switches off %s of a ky instance: the connector has one deadline',
    async (name) => {
      api.answers(async () => {
        await delay(50);
        return results(success);
      });
      const own = ky.create({ [name]: 5 });
      expect(await writeApi({ url: URL_OF_API, ky: own })(batch('a'), context())).toEqual([
        { status: 'applied' },
      ]);
    },
  );

  it('reads a refusal itself, also where a ky instance would throw', async () => {
    api.answers(refusal(429, { 'retry-after': '7' }));
    const own = ky.create({ throwHttpErrors: true, retry: 0 });
    const failure = await failureOf(writeApi({ url: URL_OF_API, ky: own })(batch('a'), context()));
    expect(failure).toMatchObject({ code: 'throttled', status: 429, retryAfterMs: 7_000 });
  });

  it('a hook that throws: the write is kept', async () => {
    const own = ky.create({
      hooks: {
        beforeRequest: [
          () => {
            throw new Error('no consent');
          },
        ],
      },
    });
    const failure = await failureOf(writeApi({ url: URL_OF_API, ky: own })(batch('a'), context()));
    expect(failure.code).toBe('unknown');
    expect(api.requests).toEqual([]);
  });
});

describe('writeApi(): options', () => {
  const wrong: [string, unknown, string][] = [
    ['no url', {}, 'url'],
    ['an empty url', { url: '' }, 'url'],
    ['a url that is no text', { url: 7 }, 'url'],
    ['a URL object', { url: new URL(URL_OF_API) }, 'url'],
    ['a misspelt option', { url: URL_OF_API, maxBodyByte: 7 }, 'maxBodyByte'],
    ['an option of another library', { url: URL_OF_API, timeout: 5 }, 'timeout'],
    ['maxTransactions 0', { url: URL_OF_API, maxTransactions: 0 }, 'maxTransactions'],
    ['half a transaction', { url: URL_OF_API, maxTransactions: 1.5 }, 'maxTransactions'],
    ['maxBodyBytes 0', { url: URL_OF_API, maxBodyBytes: 0 }, 'maxBodyBytes'],
    ['negative maxBodyBytes', { url: URL_OF_API, maxBodyBytes: -1 }, 'maxBodyBytes'],
    ['half a byte', { url: URL_OF_API, maxBodyBytes: 0.5 }, 'maxBodyBytes'],
    ['maxBodyBytes NaN', { url: URL_OF_API, maxBodyBytes: Number.NaN }, 'maxBodyBytes'],
    ['maxBodyBytes as text', { url: URL_OF_API, maxBodyBytes: '100' }, 'maxBodyBytes'],
    ['headers null', { url: URL_OF_API, headers: null }, 'headers'],
    ['headers as text', { url: URL_OF_API, headers: 'x-a: b' }, 'headers'],
    ['headers as a list', { url: URL_OF_API, headers: [['x-a', 'b']] }, 'headers'],
    ['a fetch that is no function', { url: URL_OF_API, fetch: {} }, 'fetch'],
    ['fetch null', { url: URL_OF_API, fetch: null }, 'fetch'],
    ['a ky that is no function', { url: URL_OF_API, ky: {} }, 'ky'],
  ];
  it.each(wrong)('%s is a TypeError that names the option', (_, options, name) => {
    const make = () => writeApi(options as never);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(`"${name}"`);
  });

  it('no options at all is a TypeError that names what is missing', () => {
    expect(() => writeApi(undefined as never)).toThrow(TypeError);
    expect(() => writeApi(undefined as never)).toThrow(/url/);
  });

  it.each(['headers', 'maxTransactions', 'maxBodyBytes', 'fetch', 'ky'])(
    '%s: undefined means the default',
    async (name) => {
      await writeApi({ url: URL_OF_API, [name]: undefined })(batch('a'), context());
      expect(api.request().transactions).toHaveLength(1);
    },
  );
});
