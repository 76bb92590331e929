import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import type { UploadErrorCode } from 'powersync-backend-connector';
import { type BatchEndpointOptions, batchEndpoint, readErrorPayload } from 'powersync-backend-connector/http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { batch, context, failureOf, page, put, refusal, transaction } from './support.ts';

const url = 'https://api.test/sync';

interface Seen {
  method: string;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent.
  body: any;
}

const requests: Seen[] = [];
let answer: (seen: Seen) => Response = () => HttpResponse.json({});
const server = setupServer(
  http.all(url, async ({ request }) => {
    const seen = { method: request.method, headers: request.headers, body: await request.json() };
    requests.push(seen);
    return answer(seen);
  }),
);
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => {
  requests.length = 0;
  answer = () => HttpResponse.json({});
});
afterAll(() => server.close());

function answers(json: object, init: ResponseInit = {}): void {
  answer = () => HttpResponse.json(json as never, init);
}

const deliver = (options: Partial<BatchEndpointOptions> = {}, ...names: Parameters<typeof batch>) =>
  batchEndpoint({ url, ...options })(batch(...(names.length ? names : ['a'])), context());

const applied = { status: 'applied' };
const notAttempted = { status: 'not_attempted' };

describe('batchEndpoint(): the request', () => {
  it('is one transaction, with its key beside it', async () => {
    const entries = [
      put('a', { name: 'x', note: null }),
      { ...put('b'), op: 'PATCH', opData: {} },
      { clientId: 3, op: 'DELETE', table: 'lists', id: 'c' },
    ];
    expect(await deliver({}, transaction('t', ...entries), 'b')).toEqual([applied, notAttempted]);
    expect(requests[0]).toMatchObject({ method: 'POST' });
    expect(requests[0]?.body).toEqual({
      idempotency_key: 'key-of-t',
      batch: [
        { op: 'PUT', table: 'lists', id: 'a', data: { name: 'x', note: null } },
        { op: 'PATCH', table: 'lists', id: 'b', data: {} },
        { op: 'DELETE', table: 'lists', id: 'c' },
      ],
    });
  });

  it('is several transactions where asked for, and tells which entries belong together', async () => {
    const outcomes = await deliver({ maxTransactions: 2 }, transaction('t', put('a'), put('b')), 'c', 'd');
    expect(outcomes).toEqual([applied, applied, notAttempted]);
    expect(requests[0]?.body).toMatchObject({
      batch: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
      transactions: [
        { idempotency_key: 'key-of-t', entries: 2 },
        { idempotency_key: 'key-of-c', entries: 1 },
      ],
    });
  });

  it('stays below the byte limit, and sends a single larger transaction all the same', async () => {
    const large = (name: string) => transaction(name, put(name, { text: 'é'.repeat(400) }));
    const options = { maxTransactions: 50, maxBodyBytes: 2_500 };
    const outcomes = await deliver(options, ...['a', 'b', 'c', 'd'].map(large));
    expect(outcomes).toEqual([applied, applied, notAttempted, notAttempted]);
    const bytes = new TextEncoder().encode(JSON.stringify(requests[0]?.body)).length;
    expect(bytes).toBeLessThanOrEqual(2_500);
    expect(await deliver({ ...options, maxBodyBytes: 10 }, large('a'), 'b')).toEqual([applied, notAttempted]);
  });

  it('says what it may mean if no answer comes to a body above the limit', async () => {
    const tell = async (maxBodyBytes: number) => (await failureOf(deliver({ maxBodyBytes }))).message;
    answer = () => HttpResponse.error();
    expect(await tell(10)).toMatch(/^\[network] .* may be too large for the server\.$/);
    expect(await tell(10_000)).not.toContain('too large');
    answers({}, { status: 503 });
    expect(await tell(10)).not.toContain('too large');
  });

  it('has a method, a body, headers and a key header as the app wants them', async () => {
    await deliver({
      method: 'put',
      encode: ({ transactions }) => transactions.map(({ key }) => key),
      headers: ({ attempt, clientId }) => ({ 'x-attempt': `${attempt} of ${clientId}` }),
      idempotencyHeader: 'Idempotency-Key',
    });
    expect(requests[0]).toMatchObject({ method: 'PUT', body: ['key-of-a'] });
    expect(Object.fromEntries(requests[0]?.headers ?? [])).toMatchObject({
      'x-attempt': '1 of client',
      'idempotency-key': 'key-of-a',
      authorization: 'Bearer jwt',
    });
  });

  it('carries no token where the backend takes none, also when nobody is signed in', async () => {
    const transport = batchEndpoint({ url, authorization: 'none', headers: { authorization: 'Basic eDp5' } });
    expect(await transport(batch('a'), context({ token: async () => undefined }))).toEqual([applied]);
    expect(requests[0]?.headers.get('authorization')).toBe('Basic eDp5');
  });

  it('is not sent while nobody is signed in', async () => {
    const transport = batchEndpoint({ url });
    const failure = await failureOf(transport(batch('a'), context({ token: async () => undefined })));
    expect(failure).toMatchObject({ code: 'unauthenticated' });
    expect(requests).toEqual([]);
  });

  it('has a header that no header may carry: kept, without a word of it', async () => {
    const failure = await failureOf(deliver({ headers: { 'x-note': 'secret\r\nx-evil: 1' } }));
    expect(failure).toMatchObject({ code: 'misconfigured' });
    expect(failure.message).not.toContain('secret');
    expect(requests).toEqual([]);
  });

  it('of an encode() that returns nothing is not sent', async () => {
    expect(await failureOf(deliver({ encode: () => undefined }))).toMatchObject({ code: 'misconfigured' });
    expect(requests).toEqual([]);
  });
});

describe('batchEndpoint(): a 2xx', () => {
  it.each<[what: string, json: object]>([
    ['an empty object', {}],
    ['a message', { message: 'Batch completed' }],
    ['success', { success: true, error: null, errors: [] }],
    ['nothing rejected', { rejected: [] }],
    ['everything processed', { processed: 1 }],
    ['a result of the write API', { results: [{ status: 'success' }] }],
  ])('with %s is applied', async (_, json) => {
    answers(json);
    expect(await deliver()).toEqual([applied]);
  });

  it.each<[what: string, response: () => Response]>([
    ['a web page', () => page(200)],
    ['an empty body', () => new HttpResponse(null, { status: 200 })],
    ['no content', () => new HttpResponse(null, { status: 204 })],
    ['half a body', () => new HttpResponse('{"success": tr')],
    ['a list', () => HttpResponse.json([7])],
    ['a text', () => HttpResponse.json('ok')],
    ['null', () => HttpResponse.json(null)],
    ['too few results of the write API', () => HttpResponse.json({ results: [] })],
    ['an unknown result', () => HttpResponse.json({ results: [{ status: 'ok' }] })],
  ])('with %s says nothing, and keeps the write', async (_, response) => {
    answer = response;
    expect(await failureOf(deliver())).toMatchObject({ code: 'misconfigured' });
  });

  it.each<[json: object, code: UploadErrorCode]>([
    [{ success: false }, 'unclassified'],
    [{ ok: false, message: 'no' }, 'unclassified'],
    [{ error: 'deadlock' }, 'unclassified'],
    [{ error: { code: '23505', message: 'duplicate' } }, 'conflict'],
    [{ error: { code: '42501' } }, 'forbidden'],
    [{ error: { code: '99999' } }, 'unclassified'],
    [{ success: false, code: 'QUOTA' }, 'throttled'],
    [{ errors: [{ code: 'TOO_OLD' }] }, 'update_required'],
    [{ errors: ['no'] }, 'unclassified'],
    [{ processed: 0 }, 'unclassified'],
    [{ processed: 'all' }, 'unclassified'],
    [{ processed: 7 }, 'unclassified'],
    [{ rejected: ['a'] }, 'unclassified'],
    [{ rejected: [{ id: 'a', code: '23503' }] }, 'conflict'],
    [{ rejected: [{ id: 'somebody else' }] }, 'unclassified'],
    [{ rejected: [null] }, 'unclassified'],
    [
      {
        results: [
          {
            status: 'fatal_error',
            requires_client_handling: false,
            failed_operation: { error_code: 'QUOTA' },
          },
        ],
      },
      'throttled',
    ],
  ])('with %j is a rejection: %s', async (json, code) => {
    answers(json);
    const errorCodes = { QUOTA: 'throttled', TOO_OLD: 'update_required' } as const;
    const [outcome] = await deliver({ errorCodes });
    expect(outcome).toMatchObject({ status: 'rejected', error: { code } });
    expect(JSON.stringify(outcome?.status === 'rejected' && outcome.error.message)).not.toContain('deadlock');
  });

  it('tells the entry at fault, and keeps the words of the backend as details', async () => {
    const json = { success: false, errors: [{ index: 1, message: 'words' }] };
    answers(json);
    expect(await deliver({}, transaction('t', put('a'), put('b')))).toMatchObject([
      { status: 'rejected', entryIndex: 1, details: json },
    ]);
  });

  it.each([
    ['ids', ['b', 'e']],
    ['objects with ids', [{ id: 'b' }, { id: 'e', table: 'lists' }]],
    ['places', [{ index: 1 }, { index: 4 }]],
    ['a place and a key', [{ index: 1 }, { idempotency_key: 'key-of-e' }]],
  ])('with a list of rejected %s: those are rejected, and all others applied', async (_, rejected) => {
    answers({ rejected });
    const transactions = [transaction('t', put('a'), put('b'), put('c')), 'd', 'e'];
    expect(await deliver({ maxTransactions: 5 }, ...transactions)).toMatchObject([
      { status: 'rejected', entryIndex: 1, appliedEntries: [0, 2] },
      applied,
      { status: 'rejected', entryIndex: 0, appliedEntries: [] },
    ]);
  });

  it.each([
    [{ rejected: ['b', 'somebody else'] }],
    [{ rejected: [{ id: 'b', table: 'todos' }] }],
    [{ rejected: [{ index: 9 }] }],
    [{ success: false }],
    [{ errors: [{ index: 1 }] }],
    [{ processed: 0 }],
  ])('%j of several transactions is thrown, so that the one at fault is found', async (json) => {
    answers(json);
    expect(await failureOf(deliver({ maxTransactions: 5 }, 'a', 'b'))).toMatchObject({
      code: 'unclassified',
      budget: { attempts: 10, minMs: 600_000 },
    });
  });

  it('is read by the app first, and by default where it has nothing to say', async () => {
    const decode: BatchEndpointOptions['decode'] = ({ status, text }, { transactions }) =>
      status === 200 && text === 'OK' ? transactions.map(() => ({ status: 'applied' })) : undefined;
    answer = () => new HttpResponse('OK');
    expect(await deliver({ decode })).toEqual([applied]);
    answer = () => page(200);
    expect(await failureOf(deliver({ decode }))).toMatchObject({ code: 'misconfigured' });
    answers({ success: false });
    expect(await deliver({ decode })).toMatchObject([{ status: 'rejected' }]);
  });

  it('readErrorPayload() reads what is in an envelope', async () => {
    answers({ data: { success: false } });
    const decode: BatchEndpointOptions['decode'] = (all, sent) =>
      readErrorPayload({ ...all, json: all.json.data }, sent);
    expect(await deliver({ decode })).toMatchObject([{ status: 'rejected' }]);
  });

  it('with a wrong number of outcomes from decode() keeps the write', async () => {
    expect(await failureOf(deliver({ decode: () => [] }))).toMatchObject({ code: 'misconfigured' });
  });
});

describe('batchEndpoint(): any other status', () => {
  it.each<[status: number, code: UploadErrorCode]>([
    [400, 'invalid'],
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [404, 'misconfigured'],
    [409, 'conflict'],
    [413, 'too_large'],
    [422, 'invalid'],
    [426, 'update_required'],
    [429, 'throttled'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ])('%d is %s', async (status, code) => {
    answer = () => refusal(status, { 'retry-after': '7' });
    const failure = await failureOf(deliver());
    expect(failure).toMatchObject({ code, status, retryAfterMs: 7_000 });
    expect(failure.message).not.toContain('words');
  });

  it.each([
    { code: 'TOO_OLD' },
    { error_code: 'TOO_OLD' },
    { error: 'TOO_OLD' },
    { error: { code: 'TOO_OLD', message: 'words' } },
  ])('%j is what the app says of the code in it', async (body) => {
    answer = () => HttpResponse.json(body, { status: 400 });
    const errorCodes = { TOO_OLD: 'update_required' } as const;
    const failure = await failureOf(deliver({ errorCodes }));
    expect(failure).toMatchObject({ code: 'update_required', status: 400 });
    expect(failure.message).toBe('[update_required] The backend refused it (TOO_OLD).');
    expect(await failureOf(deliver())).toMatchObject({ code: 'invalid' });
  });

  it('a firewall that answers a page refuses nothing', async () => {
    answer = () => page(403);
    expect(await failureOf(deliver())).toMatchObject({ code: 'misconfigured' });
  });

  it('one transaction that is refused in front of others is rejected alone, without bisecting them', async () => {
    answer = () => refusal(400);
    expect(await deliver({}, 'a', 'b', 'c')).toMatchObject([
      { status: 'rejected', error: { code: 'invalid' }, inBand: false },
      notAttempted,
      notAttempted,
    ]);
    expect(requests).toHaveLength(1);
  });
});

it.each<[options: object, message: RegExp]>([
  [{ url: '' }, /batchEndpoint: option "url" must be a URL/],
  [{ methd: 'PUT' }, /there is no option "methd"/],
  [{ method: 'P T' }, /option "method"/],
  [{ maxTransactions: 0 }, /option "maxTransactions"/],
  [{ maxBodyBytes: 1.5 }, /option "maxBodyBytes"/],
  [{ encode: {} }, /option "encode" must be a function/],
  [{ decode: 'json' }, /option "decode" must be a function/],
  [{ headers: 'x: y' }, /option "headers"/],
  [{ authorization: 'basic' }, /option "authorization"/],
  [{ errorCodes: { QUOTA: 'later' } }, /option "errorCodes.QUOTA" must be an UploadErrorCode; got "later"/],
  [{ idempotencyHeader: 'a b' }, /option "idempotencyHeader" must be the name of a header/],
  [{ idempotencyHeader: 'Idempotency-Key', maxTransactions: 2 }, /option "idempotencyHeader"/],
])('%j is a TypeError', (options, message) => {
  const make = () => batchEndpoint({ url, ...options } as BatchEndpointOptions);
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
});
