import { type TransportContext, UploadError, type UploadTransaction } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import {
  createWriteHandler,
  type Database,
  type TransactionResult,
  Unauthenticated,
  type WriteHandlerOptions,
} from 'powersync-backend-connector/server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contractErrors, DOCUMENT, requestErrors } from './support/contract.ts';
import { DATABASES, type TestDatabase } from './support/databases.ts';
import { uuid } from './support/schema.ts';

const URL_OF_API = 'https://api.test/api/data';
const OPTIONS: Pick<WriteHandlerOptions, 'authenticate' | 'tables'> = {
  authenticate: (request) => {
    if (request.headers.get('authorization') !== 'Bearer ann') throw new Unauthenticated();
    return { id: 'ann' };
  },
  tables: {
    lists: { columns: ['name'], owner: 'owner_id' },
    todos: {
      columns: ['description', 'count', 'meta', 'price', 'ratio', 'tags'],
      owner: 'owner_id',
    },
  },
};

let db: TestDatabase;
beforeAll(async () => {
  db = await (DATABASES.PGlite as () => Promise<TestDatabase>)();
});
afterAll(() => db?.close());

const errors: unknown[] = [];
beforeEach(async () => {
  errors.length = 0;
  for (const table of ['todos', 'lists', 'powersync_write_results', 'powersync_write_refusals']) {
    await db.sql(`delete from ${table}`);
  }
});

const handler = (more: Partial<WriteHandlerOptions> = {}) =>
  createWriteHandler({
    database: db.database,
    onError: (error) => errors.push(error),
    ...OPTIONS,
    ...more,
  });

type Init = RequestInit & { duplex?: 'half' };
const request = (body: BodyInit | null, { headers, ...init }: Init = {}) =>
  new Request(URL_OF_API, {
    method: 'POST',
    body,
    ...(body instanceof ReadableStream && { duplex: 'half' }),
    ...init,
    headers: { authorization: 'Bearer ann', 'content-type': 'application/json', ...headers },
  });

/** The answer, which must be in the form of the contract, and readable from a page. */
async function answerTo(sent: Request, more: Partial<WriteHandlerOptions> = {}) {
  const response = await handler(more).fetch(sent);
  const text = await response.text();
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(response.headers.get('access-control-expose-headers')).toBe('Date, Retry-After');
  expect(response.headers.get('content-type')).toBe('application/json');
  const json = JSON.parse(text);
  expect(contractErrors(response.status, json)).toEqual([]);
  return { status: response.status, headers: response.headers, json };
}
const upload = (body: unknown, more?: Partial<WriteHandlerOptions>) =>
  answerTo(request(typeof body === 'string' ? body : JSON.stringify(body)), more);
const list = (id: unknown, name: unknown = 'x') => ({ op: 'PUT', table: 'lists', id, op_data: { name } });
const one = (...crud: unknown[]) => ({ transactions: [{ idempotency_key: 'key', crud }] });
const rows = async () => (await db.sql('select id from lists order by id')).map(({ id }) => id);
const codeOf = ({ json }: { json: { results: TransactionResult[] } }) =>
  json.results.map((result) =>
    result.status === 'fatal_error' ? result.failed_operation.error_code : result.status,
  );

describe('what is no upload', () => {
  it.each<[string, unknown]>([
    ['nothing', ''],
    ['half of a JSON text', '{"transactions":['],
    ['a number where a name belongs', `{12345678901234567890:1,"transactions":[]}`],
    ['a number with a leading zero', `{"transactions":[],"x":01234567890123456789}`],
    ['null', 'null'],
    ['an array', []],
    ['no transactions', {}],
    ['transactions that are an object', { transactions: { 0: { crud: [] }, length: 1 } }],
    ['0 transactions', { transactions: [] }],
    ['51 transactions', { transactions: Array(51).fill({ crud: [] }) }],
    ['transactions of null', { transactions: [null] }],
    ['no crud', { transactions: [{}] }],
    ['crud in the prototype', '{"transactions":[{"__proto__":{"crud":[]}}]}'],
    ['an entry of text', one('x')],
    ['an id that is a number', one(list(5))],
    ['an id that is null', one(list(null))],
    ['no table', one({ op: 'PUT', id: 'l1' })],
    ['a table that is an array', one({ ...list('l1'), table: ['lists'] })],
    ['an unknown op', one({ ...list('l1'), op: 'put' })],
    ['op_data of null', one({ ...list('l1'), op_data: null })],
    ['op_data of an array', one({ ...list('l1'), op_data: [] })],
    ['op_data of text', one({ ...list('l1'), op_data: '{}' })],
    ['previous_values of text', one({ ...list('l1'), previous_values: 'x' })],
    ['metadata of an object', one({ ...list('l1'), metadata: {} })],
    ['a key of 300 characters', { transactions: [{ idempotency_key: 'k'.repeat(300), crud: [] }] }],
    ['an empty key', { transactions: [{ idempotency_key: '', crud: [] }] }],
    ['a key with a space', { transactions: [{ idempotency_key: 'a b', crud: [] }] }],
    ['a key with NUL', { transactions: [{ idempotency_key: 'a\0', crud: [] }] }],
    ['a key that is a number', { transactions: [{ idempotency_key: 5, crud: [] }] }],
    ['a transaction_id of text', { transactions: [{ transaction_id: '5', crud: [] }] }],
    ['judge_again of text', { transactions: [{ judge_again: 'yes', crud: [] }] }],
  ])('%s: 400, and nothing is applied', async (name, body) => {
    const { status, json } = await upload(body);
    // Each backend has its own limit, so the document has none.
    if (typeof body === 'object' && name !== '51 transactions') expect(requestErrors(body)).not.toEqual([]);
    expect([status, json.error.code]).toEqual([400, 'INVALID_UPLOAD']);
    expect(errors).toEqual([]);
    expect(await db.sql('select key from powersync_write_results')).toEqual([]);
  });

  it('a good transaction before a malformed one: 400, and nothing is applied', async () => {
    const good = { crud: [list('l1')] };
    expect((await upload({ transactions: [good, { crud: [list(7)] }] })).status).toBe(400);
    expect(await rows()).toEqual([]);
  });

  it('invalid UTF-8: 400, instead of other characters in the row', async () => {
    const [before, after] = JSON.stringify(one(list('l1', '*'))).split('*') as [string, string];
    const bytes = Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]);
    expect((await answerTo(request(bytes))).status).toBe(400);
    const cut = Buffer.concat([Buffer.from(before), Buffer.from([0xe2, 0x82])]);
    expect((await answerTo(request(cut))).json.error.message).toBe('The body must be UTF-8');
    expect(await rows()).toEqual([]);
  });

  it('accepts members that the contract does not have, and characters that are cut by a chunk', async () => {
    const text = JSON.stringify({ ...one({ ...list('l1', '€'), later: null }), later: 1 });
    const bytes = Buffer.from(text);
    const stream = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    expect((await answerTo(request(stream))).json).toEqual({ results: [{ status: 'success' }] });
    expect(await db.sql('select name from lists')).toEqual([{ name: '€' }]);
  });
});

describe('data that can never be stored: a refusal in band', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const withData = (op_data: string, more = '') =>
    `{"transactions":[{"idempotency_key":"bad","crud":[{"op":"PUT","table":"lists","id":"l1","op_data":{"name":"x"}},` +
    `{"op":"PUT","table":"todos","id":"${uuid(1)}","op_data":${op_data}${more}}]}]}`;
  const bad: [string, string, string][] = [
    ['__proto__ as a column', withData('{"__proto__":{"admin":true}}'), 'SCHEMA_MISMATCH'],
    ['constructor as a column', withData('{"constructor":1}'), 'SCHEMA_MISMATCH'],
    [
      '__proto__ as a table',
      JSON.stringify(one(list('l1'), { ...list('l2'), table: '__proto__' })),
      'SCHEMA_MISMATCH',
    ],
    ['NUL in a table', JSON.stringify(one(list('l1'), { ...list('l2'), table: 'li\0sts' })), 'INVALID_DATA'],
    ['NUL in an id', JSON.stringify(one(list('l1'), list('l\0'))), 'INVALID_DATA'],
    ['a lone surrogate in an id', JSON.stringify(one(list('l1'), list('\ud800'))), 'INVALID_DATA'],
    ['NUL in a value', JSON.stringify(one(list('l1'), list('l2', 'a\0'))), 'INVALID_DATA'],
    ['a lone surrogate in a value', JSON.stringify(one(list('l1'), list('l2', '\udc00'))), 'INVALID_DATA'],
    ['NUL in a column', withData('{"descr\\u0000iption":1}'), 'INVALID_DATA'],
    ['NUL in JSON in a value', withData('{"meta":{"a":["\\u0000"]}}'), 'INVALID_DATA'],
    ['NUL in metadata', withData('{}', ',"metadata":"\\u0000"'), 'INVALID_DATA'],
    [
      'a lone surrogate in previous values',
      withData('{}', ',"previous_values":{"count":"\\ud800"}'),
      'INVALID_DATA',
    ],
    ['101 levels', withData(`{"meta":${nested(101)}}`), 'INVALID_DATA'],
    ['45,000 levels', withData(`{"meta":${nested(45_000)}}`), 'INVALID_DATA'],
    [
      '45,000 levels and a large number',
      withData(`{"count":12345678901234567,"meta":${nested(45_000)}}`),
      'INVALID_DATA',
    ],
    [
      '45,000 levels in previous values',
      withData('{}', `,"previous_values":{"meta":${nested(45_000)}}`),
      'INVALID_DATA',
    ],
    ['1e400 in a whole number', withData('{"count":1e400}'), 'INVALID_DATA'],
    ['1e400 in a double', withData('{"ratio":1e400}'), 'INVALID_DATA'],
  ];

  it.each(bad)('%s', async (_, body, code) => {
    const answer = await upload(body, { recordRefusals: true });
    expect([answer.status, codeOf(answer)]).toEqual([200, [code]]);
    expect(answer.json.results[0].failed_operation.operation_index).toBe(1);
    expect(await rows()).toEqual([]);
    expect(await db.sql('select code from powersync_write_refusals')).toEqual([{ code }]);
    expect((await upload(body, { recordRefusals: true })).json).toEqual(answer.json);
    expect(errors).toEqual([]);
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
  });

  it('too many entries: the transaction is refused, and the others are judged', async () => {
    const transactions = [
      { crud: [list('l1')] },
      { crud: [list('l2'), list('l3'), list('l4')] },
      { crud: [list('l5')] },
    ];
    const answer = await upload({ transactions }, { maxEntries: 2 });
    expect([answer.status, codeOf(answer)]).toEqual([200, ['success', 'TOO_MANY_ENTRIES', 'not_attempted']]);
    expect(await rows()).toEqual(['l1']);
  });

  it('a refused key with other content is still one that was used before', async () => {
    const good = one(list('l1'));
    expect(codeOf(await upload(good))).toEqual(['success']);
    const poisoned = JSON.stringify(one(list('l1\0')));
    expect(codeOf(await upload(poisoned))).toEqual(['KEY_REUSED']);
  });
});

describe('numbers', () => {
  it('keeps each digit', async () => {
    const digits = '9007199254740993';
    const price = '12345678.91';
    const body = `{"transactions":[{"crud":[{"op":"PUT","table":"todos","id":"${uuid(1)}","op_data":{"count":${digits},
      "price":${price},"ratio":1.5e+300,"description":"\\"12345678901234567890\\\\","meta":{"big":-${digits}}}}]}]}`;
    expect((await upload(body)).json).toEqual({ results: [{ status: 'success' }] });
    expect(
      await db.sql('select count::text, price::text, ratio, description, meta::text from todos'),
    ).toEqual([
      {
        count: digits,
        price,
        ratio: 1.5e300,
        description: '"12345678901234567890\\',
        meta: `{"big": "-${digits}"}`,
      },
    ]);
  });

  it('reads large text next to a large number', async () => {
    const text = '\\"'.repeat(2_000_000);
    const body = `{"transactions":[{"crud":[]}],"later":["${text}",12345678901234567890]}`;
    const answer = await upload(body, { maxBodyBytes: 10_000_000 });
    expect(answer.json).toEqual({ results: [{ status: 'success' }] });
  });
});

describe('limits', () => {
  const endless = (chunk: Uint8Array, state = { pulled: 0, cancelled: false }) => ({
    state,
    stream: new ReadableStream({
      pull(controller) {
        state.pulled++;
        controller.enqueue(chunk);
      },
      cancel() {
        state.cancelled = true;
      },
    }),
  });

  it('a body that announces too much: 413, unread', async () => {
    const answer = await answerTo(request('{}', { headers: { 'content-length': '1000001' } }));
    expect([answer.status, answer.json.error.code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  it('a chunked body: 413 as soon as it is over the limit', async () => {
    const { stream, state } = endless(Buffer.alloc(100_000, 32));
    const answer = await answerTo(request(stream));
    expect([answer.status, answer.json.error.code]).toEqual([413, 'BODY_TOO_LARGE']);
    expect(state.cancelled).toBe(true);
    expect(state.pulled).toBeLessThan(15);
  });

  it('counts bytes, and takes exactly as many as allowed', async () => {
    const body = JSON.stringify(one(list('l1', '€')));
    const maxBodyBytes = Buffer.byteLength(body);
    expect((await upload(body, { maxBodyBytes: maxBodyBytes - 1 })).status).toBe(413);
    expect((await upload(body, { maxBodyBytes })).status).toBe(200);
  });

  it.each([
    ['a body that stops', new ReadableStream({ start: (to) => to.enqueue(Buffer.from('{')) })],
    ['a body that breaks off', new ReadableStream({ pull: (to) => to.error(new Error('socket hang up')) })],
  ])('%s: 408, and no fault of the server', async (_, stream) => {
    const answer = await answerTo(request(stream), { timeouts: { body: 20 } });
    expect([answer.status, answer.json.error.code]).toEqual([408, 'BODY_INCOMPLETE']);
    expect(errors).toEqual([]);
  });

  it('a body that something else has read: 503, because the upload may be good', async () => {
    const sent = request(JSON.stringify(one(list('l1'))));
    await sent.text();
    expect((await answerTo(sent)).status).toBe(503);
    expect(String(errors)).toMatch(/body was read/);
  });

  it('more transactions where maxTransactions is set', async () => {
    const transactions = Array.from({ length: 120 }, (_, n) => ({ crud: [list(`l${n}`)] }));
    expect((await upload({ transactions }, { maxTransactions: 119 })).status).toBe(400);
    const answer = await upload({ transactions }, { maxTransactions: 120 });
    expect(answer.json.results).toHaveLength(120);
    expect(await rows()).toHaveLength(120);
  });

  it('a request that was aborted is dropped before it writes', async () => {
    const writes = handler();
    await writes.check();
    let begun = 0;
    const counting: Database = {
      ...db.database,
      transaction: (limits, work) => {
        begun++;
        return db.database.transaction(limits, work);
      },
    };
    const abort = new AbortController();
    const sent = request(JSON.stringify(one(list('l1'))), { signal: abort.signal });
    const watched = handler({
      database: counting,
      authenticate: () => {
        abort.abort();
        return { id: 'ann' };
      },
    });
    await watched.check();
    begun = 0;
    await watched.fetch(sent);
    const { results } = await watched.apply({ id: 'ann' }, one(list('l1')), abort.signal);
    expect(results.map(({ status }) => status)).toEqual(['retryable_error']);
    expect([begun, await rows(), errors]).toEqual([0, [], []]);
  });

  it('a request that was aborted while it waited for a connection writes nothing', async () => {
    const abort = new AbortController();
    let waits = false;
    const slow: Database = {
      ...db.database,
      transaction: (limits, work) => {
        if (waits) abort.abort();
        return db.database.transaction(limits, work);
      },
    };
    const writes = handler({ database: slow });
    await writes.check();
    waits = true;
    await writes.apply({ id: 'ann' }, one(list('l1')), abort.signal);
    expect([await rows(), errors]).toEqual([[], []]);
  });
});

describe('methods, origins and tokens', () => {
  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s: 405', async (method) => {
    const body = method === 'GET' ? null : JSON.stringify(one(list('l1')));
    const answer = await answerTo(request(body, { method }));
    expect([answer.status, answer.json.error.code]).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(answer.headers.get('allow')).toBe('POST, OPTIONS');
    expect(await rows()).toEqual([]);
  });

  it('a path with %00 or an invalid escape', async () => {
    for (const path of ['%00', '%', '%ff']) {
      const sent = new Request(`${URL_OF_API}/${path}?x=%00`, request(JSON.stringify(one())));
      expect((await answerTo(sent)).status).toBe(200);
    }
  });

  it('answers a preflight without a token', async () => {
    const preflight = new Request(URL_OF_API, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.test',
        'access-control-request-headers': 'authorization,x-app-version',
      },
    });
    const response = await handler().fetch(preflight);
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'POST, OPTIONS',
      'access-control-allow-headers': 'authorization,x-app-version',
    });
  });

  it('lets only the pages of the list read answers, errors too', async () => {
    const writes = handler({ cors: { origins: ['https://app.test'] } });
    for (const method of ['POST', 'GET', 'OPTIONS']) {
      const from = async (origin?: string) => {
        const sent = new Request(URL_OF_API, { method, headers: origin ? { origin } : {} });
        const { headers } = await writes.fetch(sent);
        return [headers.get('access-control-allow-origin'), headers.get('vary')];
      };
      expect(await from('https://app.test')).toEqual(['https://app.test', 'Origin']);
      expect(await from('https://app.test.evil.test')).toEqual([null, 'Origin']);
      expect(await from('null')).toEqual([null, 'Origin']);
      expect(await from()).toEqual([null, 'Origin']);
    }
    const { headers } = await handler({ cors: false }).fetch(request('{}'));
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('no valid token: 401, before the body is read', async () => {
    const stream = new ReadableStream({ pull: () => new Promise(() => {}) });
    const answer = await answerTo(request(stream, { headers: { authorization: 'Bearer bob' } }));
    expect([answer.status, answer.json.error.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(errors).toEqual([]);
  });

  it.each<[string, () => never]>([
    [
      'a fault',
      () => {
        throw new Error('secret of the server');
      },
    ],
    ['no user', () => null as never],
    ['a user without an id', () => ({}) as never],
    ['an id that is a number', () => ({ id: 5 }) as never],
    ['an empty id', () => ({ id: '' }) as never],
  ])('an authenticate that gives %s: 503, and the reason stays here', async (_, authenticate) => {
    const answer = await answerTo(request(JSON.stringify(one(list('l1')))), { authenticate });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(JSON.stringify(answer.json)).not.toContain('secret');
    expect(errors).toHaveLength(1);
    expect(await rows()).toEqual([]);
  });

  it('a database that is not ready: 503', async () => {
    const tables = { ...OPTIONS.tables, absent: { columns: ['a'], owner: 'b' } };
    const answer = await upload(one(list('l1')), { tables });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(String(errors)).toMatch(/There is no table "absent"/);
    expect(await rows()).toEqual([]);
  });
});

interface Content {
  content: Record<'application/json', { examples?: Record<string, { value: unknown }> }>;
}
interface Route {
  post: { operationId: string; requestBody: Content; responses: Record<string, Content> };
  put?: object;
}

describe('the OpenAPI document', () => {
  it('has examples that are what it says', () => {
    let examples = 0;
    for (const [route, { post, put }] of Object.entries<Route>(DOCUMENT.paths)) {
      const request = post.requestBody.content['application/json'];
      for (const { value } of Object.values<{ value: unknown }>(request.examples ?? {})) {
        expect(requestErrors(value, route)).toEqual([]);
        examples++;
      }
      for (const [status, { content }] of Object.entries(post.responses)) {
        for (const { value } of Object.values<{ value: unknown }>(
          content['application/json'].examples ?? {},
        )) {
          expect(contractErrors(Number(status), value, route)).toEqual([]);
          examples++;
        }
      }
      if (put) expect({ ...put, operationId: post.operationId }).toEqual(post);
    }
    expect(examples).toBeGreaterThan(10);
  });

  it('would notice an answer of another form', () => {
    for (const results of [
      [],
      [{}],
      [{ status: 'applied' }],
      [{ status: 'retryable_error' }],
      [{ status: 'fatal_error', requires_client_handling: false, message: 'x' }],
      [
        {
          status: 'fatal_error',
          requires_client_handling: false,
          message: 'x',
          failed_operation: { message: 'x' },
        },
      ],
    ]) {
      expect(contractErrors(200, { results })).not.toEqual([]);
    }
    expect(contractErrors(503, { results: [{ status: 'success' }] })).not.toEqual([]);
    expect(contractErrors(418, { error: { code: 'X', message: 'x' } })).not.toEqual([]);
    expect(requestErrors(one(list('l1')))).toEqual([]);
  });
});

describe('what the client makes of it', () => {
  const transaction = (name: string): UploadTransaction => ({
    key: `key-${name.replaceAll(' ', '-')}`,
    transactionId: 1,
    entries: [{ clientId: 1, op: 'PUT', table: 'lists', id: name, opData: { name } }],
  });
  const context = (): TransportContext => ({
    signal: new AbortController().signal,
    attempt: 1,
    clientId: 'client',
    token: async () => 'ann',
  });
  const send = async (more: Partial<WriteHandlerOptions>, ...names: string[]) => {
    const { fetch } = handler(more);
    const transport = writeApi({
      url: URL_OF_API,
      fetch: ((input: Request) => fetch(input)) as typeof globalThis.fetch,
      maxTransactions: 100,
    });
    return transport({ transactions: names.map(transaction) }, context()).then(
      (outcomes) => outcomes.map(({ status }) => status),
      (error) => UploadError.from(error),
    );
  };

  it('applied, refused and not attempted', async () => {
    expect(await send({}, 'l1', 'much longer than 20 characters', 'l3')).toEqual([
      'applied',
      'rejected',
      'not_attempted',
    ]);
  });

  it.each<[string, Partial<WriteHandlerOptions>, Partial<UploadError>]>([
    [
      '401',
      {
        authenticate: () => {
          throw new Unauthenticated();
        },
      },
      { code: 'unauthenticated', status: 401 },
    ],
    ['413', { maxBodyBytes: 10 }, { code: 'too_large', status: 413 }],
    [
      '503',
      {
        authenticate: () => {
          throw new Error('down');
        },
      },
      { code: 'unavailable', status: 503, retryAfterMs: 5000 },
    ],
  ])('%s', async (_, more, error) => {
    expect(await send(more, 'l1', 'l2')).toMatchObject(error);
    expect(await rows()).toEqual([]);
  });
});
