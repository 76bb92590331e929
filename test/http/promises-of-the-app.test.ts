import type { Outcome, UploadEntry } from 'powersync-backend-connector';
import {
  type BatchEndpointOptions,
  batchEndpoint,
  type HttpOptions,
  type RowEndpointsOptions,
  rowEndpoints,
  writeApi,
} from 'powersync-backend-connector/http';
import { firebase, laravel, nestjs } from 'powersync-backend-connector/presets';
import { describe, expect, it } from 'vitest';
import { batch, context, failureOf, put, respond, startServer, transaction } from './support.ts';

const applied: Outcome = { status: 'applied' };

async function backend() {
  const server = await startServer((response) =>
    respond(response, 200, { results: [{ status: 'success' }] }),
  );
  const url = server.url;
  const bodies = () => server.requests.map(({ body }) => body && JSON.parse(body));
  const toBatch = (options: Partial<BatchEndpointOptions>) =>
    batchEndpoint({ url, ...options })(batch('a'), context());
  const toRows = (options: Partial<RowEndpointsOptions>, entry: UploadEntry = put('a')) =>
    rowEndpoints({ url, ...options })(batch(transaction('t', entry)), context());
  return { ...server, bodies, toBatch, toRows };
}

const circle: Record<string, unknown> = {};
circle.self = circle;

/** What can't be sent as JSON, or would be sent as nothing. */
const UNFIT: [string, unknown][] = [
  ['a function', () => {}],
  ['a symbol', Symbol('x')],
  ['a promise within', { changes: [Promise.resolve({ id: 'a' })] }],
  ['a BigInt', { size: 1n }],
  ['a map within', { changes: new Map([['a', 1]]) }],
  ['bytes within', { image: new Uint8Array([1]) }],
  ['a Blob', new Blob(['x'])],
  ['a date that is none', { at: new Date(Number.NaN) }],
  ['a circle', circle],
];

describe('what the app returns may be a promise', () => {
  it('encode()', async () => {
    const { toBatch, bodies } = await backend();
    expect(await toBatch({ encode: async () => ({ changes: [1] }) })).toEqual([applied]);
    expect(bodies()).toEqual([{ changes: [1] }]);
  });

  it('decode() of a batch, and of a row', async () => {
    const { toBatch, toRows } = await backend();
    const error = { message: 'no' };
    const rejected = { status: 'rejected', error } as never;
    expect(await toBatch({ decode: async () => [rejected] })).toMatchObject([{ status: 'rejected' }]);
    expect(await toBatch({ decode: async () => undefined })).toEqual([applied]);
    expect(await toRows({ decode: async () => rejected })).toMatchObject([{ status: 'rejected' }]);
    expect(await toRows({ decode: async () => undefined })).toEqual([applied]);
  });

  it('a route, its body, and a body within what a route returns', async () => {
    const { toRows, bodies, requests } = await backend();
    const body = async ({ id }: UploadEntry) => ({ id, signed: true });
    await toRows({ routes: { default: { PUT: { body } } } });
    await toRows({ routes: { default: async () => ({ method: 'POST', path: '/{table}', body: { x: 1 } }) } });
    await toRows({ routes: { default: () => ({ method: 'POST', path: '/x', body: Promise.resolve(7) }) } });
    expect(bodies()).toEqual([{ id: 'a', signed: true }, { x: 1 }, 7]);
    expect(requests.map(({ path }) => path)).toEqual(['/lists/a', '/lists', '/x']);
  });

  it('headers, and each of them', async () => {
    const { toBatch, requests } = await backend();
    const later = Promise.resolve('later') as never;
    await toBatch({ headers: async () => ({ 'x-a': later }) });
    await toBatch({ headers: { 'x-a': later } });
    await toBatch({ headers: () => undefined as never });
    expect(requests.map(({ headers }) => headers['x-a'])).toEqual(['later', 'later', undefined]);
  });
});

describe('what the app returns is checked, and nothing is sent', () => {
  const unfit = {
    code: 'misconfigured',
    message: expect.stringMatching(/The writes stay queued\.$/),
  };

  it.each([...UNFIT, ['nothing', undefined] as const])('encode(): %s', async (_, value) => {
    const { toBatch, requests } = await backend();
    const failure = await failureOf(toBatch({ encode: () => value }));
    expect(failure).toMatchObject({ ...unfit, message: expect.stringContaining('encode()') });
    expect(await failureOf(toBatch({ encode: async () => value }))).toMatchObject(unfit);
    expect(requests).toEqual([]);
  });

  it.each(UNFIT)('body(): %s', async (_, value) => {
    const { toRows, requests } = await backend();
    for (const body of [() => value, async () => value])
      expect(await toRows({ routes: { default: { PUT: { body } } } })).toMatchObject([
        { status: 'retry', error: { ...unfit, message: expect.stringContaining('"lists"') } },
      ]);
    expect(requests).toEqual([]);
  });

  it.each([
    undefined,
    null,
    'POST /lists',
    {},
    { method: 'POST' },
    { method: 'P T', path: '/x' },
    { method: 'POST', path: '' },
    { method: 'POST', path: Promise.resolve('/x') },
  ])('a route that returns %j', async (request) => {
    const { toRows, requests } = await backend();
    for (const route of [() => request, async () => request])
      expect(await toRows({ routes: { default: route as never } })).toMatchObject([
        { status: 'retry', error: { ...unfit, message: expect.stringContaining('"lists"') } },
      ]);
    expect(requests).toEqual([]);
  });

  it.each<[unknown]>([['x: y'], [7], [[['a', 'b']]], [{ 'x-a': undefined }], [{ 'x-a': {} }], [null]])(
    'headers: %j',
    async (value) => {
      const { requests, url } = await backend();
      const headers = (async () => value) as HttpOptions['headers'];
      for (const make of [writeApi, batchEndpoint])
        expect(await failureOf(make({ url, headers })(batch('a'), context()))).toMatchObject(unfit);
      const preset = laravel({ url, userId: 'u', headers });
      expect(await preset.transport(batch('a'), context())).toMatchObject([
        { status: 'retry', error: unfit },
      ]);
      expect(requests).toEqual([]);
    },
  );

  it.each([true, 'applied', { status: 'applied' }, [applied, applied], 0, false])(
    'decode() of a batch: %j keeps the write',
    async (value) => {
      const { toBatch } = await backend();
      expect(await failureOf(toBatch({ decode: () => value as never }))).toMatchObject({
        code: 'misconfigured',
        message: expect.stringContaining('decode()'),
      });
    },
  );

  it.each([true, 'applied', {}, [applied], 0, false])(
    'decode() of a row: %j keeps the write',
    async (value) => {
      const { toRows } = await backend();
      expect(await toRows({ decode: () => value as never })).toMatchObject([
        { status: 'retry', error: { code: 'misconfigured' } },
      ]);
    },
  );

  it.each([{}, { email: 'a@b.example' }, { email: 7, password: 'x' }, 'ann'])(
    'login() of nestjs(): %j',
    async (value) => {
      const { requests, url } = await backend();
      const { credentials } = nestjs({ url, login: (async () => value) as never });
      const { signal } = new AbortController();
      await expect(credentials({ signal })).rejects.toMatchObject({ code: 'misconfigured' });
      expect(requests).toEqual([]);
    },
  );

  it.each([{}, 7, true])('idToken() of firebase(): %j', async (value) => {
    const { requests, url } = await backend();
    const { credentials } = firebase({ url, idToken: (async () => value) as never });
    const { signal } = new AbortController();
    await expect(credentials({ signal })).rejects.toMatchObject({ code: 'misconfigured' });
    expect(requests).toEqual([]);
  });
});
