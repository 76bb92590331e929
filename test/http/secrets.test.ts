import { UploadError } from 'powersync-backend-connector';
import { batchEndpoint, checkpointRequests, rowEndpoints, writeApi } from 'powersync-backend-connector/http';
import { describe, expect, it } from 'vitest';
import {
  batch,
  context,
  everythingIn,
  failureOf,
  fatal,
  put,
  type ReceivedRequest,
  respond,
  startServer,
  transaction,
} from './support.ts';

const TOKEN = 'header.SECRET-TOKEN.signature';
const ROW = 'SECRET-ROW';
const BODY = 'SECRET-WORDS-OF-THE-BACKEND';
const KEY = 'SECRET-API-KEY';

type Handler = Parameters<typeof startServer>[0];

/** Ways in which a request can fail. */
const failures: [string, Handler][] = [
  ['the connection ends', (response) => response.destroy()],
  [
    'the answer is cut off',
    (response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write(BODY, () => response.destroy());
    },
  ],
  [
    'a refusal quotes the row',
    (response, { body }) => respond(response, 400, { message: `${BODY} ${body}` }),
  ],
  ['a token is refused', (response) => respond(response, 401, { message: `${BODY} ${TOKEN}` })],
  ['the backend is down', (response) => respond(response, 503, `<p>${BODY}</p>`)],
  ['the answer is no JSON', (response, { body }) => respond(response, 200, `${BODY} ${body}`)],
  ['the answer is cut JSON', (response) => respond(response, 200, `{"results":[{"status":"${BODY}`)],
  ['a result is malformed', (response) => respond(response, 200, { results: [{ status: BODY }] })],
  [
    'a redirect repeats the token',
    (response) => response.writeHead(302, { location: `https://x.test/?${TOKEN}&${BODY}` }).end(),
  ],
  [
    'a redirect within the origin repeats the token, and leads nowhere',
    (response: Parameters<Handler>[0], { path }: ReceivedRequest) => {
      if (path === '/') response.writeHead(307, { location: `/?${TOKEN}` }).end();
      else response.destroy();
    },
  ],
];

describe('P7: no token, row or body in what writeApi() throws', () => {
  const rows = batch(transaction('t', put('a', { text: ROW })));
  const headers = { 'x-api-key': KEY };

  function expectNoSecrets(failure: Error) {
    const everything = everythingIn(failure);
    expect([TOKEN, ROW, BODY, KEY].filter((secret) => everything.includes(secret))).toEqual([]);
  }

  it.each(failures)('when %s', async (_, handler) => {
    const server = await startServer(handler);
    const delivery = writeApi({ url: server.url, headers })(rows, context({ token: async () => TOKEN }));
    expectNoSecrets(await failureOf(delivery));
  });

  it('when nobody listens', async () => {
    const server = await startServer(() => {});
    await server.close();
    const delivery = writeApi({ url: server.url, headers })(rows, context({ token: async () => TOKEN }));
    expectNoSecrets(await failureOf(delivery));
  });

  it('when it is aborted', async () => {
    const controller = new AbortController();
    const server = await startServer(() => controller.abort());
    const { signal } = controller;
    const delivery = writeApi({ url: server.url, headers })(
      rows,
      context({ token: async () => TOKEN, signal }),
    );
    expectNoSecrets(await failureOf(delivery));
  });

  it('when a header has a line break', async () => {
    const broken = { 'x-api-key': `${KEY}\n` };
    const url = 'http://127.0.0.1:1/';
    const value = { 'x-api-key': `${KEY}\nx` };
    expectNoSecrets(await failureOf(writeApi({ url, headers: broken })(rows, context())));
    expectNoSecrets(await failureOf(writeApi({ url, headers: value })(rows, context())));
  });

  it('when the token has a line break', async () => {
    const token = async () => `${TOKEN}\nx`;
    expectNoSecrets(await failureOf(writeApi({ url: 'http://127.0.0.1:1/' })(rows, context({ token }))));
  });

  it('nor in the error of a rejected transaction: the words of the backend are kept apart from it', async () => {
    const server = await startServer((response) => {
      const failed_operation = { error_code: `${BODY} (${ROW})`, message: BODY, details: ROW };
      respond(response, 200, { results: [fatal('', { failed_operation, message: BODY })] });
    });
    const [outcome] = await writeApi({ url: server.url })(rows, context({ token: async () => TOKEN }));
    if (outcome?.status !== 'rejected') throw new Error('It was not rejected');
    expectNoSecrets(outcome.error);
    expect(outcome.details).toMatchObject({ message: BODY });
  });
});

describe('the query of the configured url, which may be a key', () => {
  const SECRET = 'code=SECRET-KEY';
  const answers: [string, (url: string) => Promise<unknown>][] = [
    ['a redirect', async () => new Response(null, { status: 302, headers: { location: '/b' } })],
    ['a body that is too large', async () => new Response('x'.repeat(5_000_001))],
    [
      'a cut body',
      async () => new Response(new ReadableStream({ pull: (to) => to.error(new TypeError('x')) })),
    ],
    ['a 404', async () => new Response('', { status: 404 })],
    ['another answer', async () => Response.json({})],
    ['Deno', async (url) => Promise.reject(new TypeError(`error sending request for url (${url})`))],
    [
      'Bun',
      async (path) => Promise.reject(Object.assign(new TypeError('x'), { code: 'ConnectionRefused', path })),
    ],
    [
      'undici',
      async (url) =>
        Promise.reject(new TypeError('fetch failed', { cause: new Error(`connect to ${url} failed`) })),
    ],
  ];
  const place = `https://user:SECRET-PASSWORD@api.test/todos?${SECRET}`;

  it.each(answers)('is not in what is thrown after %s', async (_, answer) => {
    const fetch = (request: unknown) => answer((request as Request).url) as never;
    const options = { url: `https://api.test/todos?${SECRET}`, fetch };
    for (const make of [writeApi, batchEndpoint, rowEndpoints]) {
      const sent = make(options)(batch('a'), context());
      const said = await sent.then(
        ([outcome]) => outcome && 'error' in outcome && outcome.error,
        UploadError.from,
      );
      expect(everythingIn(said)).not.toContain('SECRET');
    }
    const post = checkpointRequests(options);
    const thrown = await post('c', '7', context()).catch((error: unknown) => error);
    expect(everythingIn(thrown)).toContain('UploadError');
    expect(everythingIn(thrown)).not.toContain('SECRET');
  });

  it.each([`/api?${SECRET}`, `https://[?${SECRET}`, place])('is not in what %s throws', async (url) => {
    for (const make of [writeApi, batchEndpoint, rowEndpoints]) {
      const sent = make({ url })(batch('a'), context());
      const said = await sent.then(
        ([outcome]) => outcome && 'error' in outcome && outcome.error,
        UploadError.from,
      );
      expect(everythingIn(said)).toContain('UploadError');
      expect(everythingIn(said)).not.toContain('SECRET');
    }
  });

  it('leaves an error whole that does not repeat it', async () => {
    const fetch = async () =>
      Promise.reject(
        new TypeError('fetch failed', {
          cause: Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:443'), { code: 'ECONNREFUSED' }),
        }),
      );
    const failure = await failureOf(
      writeApi({ url: `https://api.test/?${SECRET}`, fetch })(batch('a'), context()),
    );
    expect(failure).toMatchObject({ code: 'network', cause: { cause: { code: 'ECONNREFUSED' } } });
  });
});

it('the id of a row, which is in the address of its request, is not in what a platform throws', async () => {
  const fetch = async (request: unknown) =>
    Promise.reject(new TypeError(`error sending request for url (${(request as Request).url})`));
  const rows = batch(transaction('t', put('SECRET-ID')));
  const [outcome] = await rowEndpoints({ url: 'https://api.test', fetch })(rows, context());
  expect(outcome).toMatchObject({ status: 'retry', error: { code: 'network' } });
  expect(everythingIn(outcome && 'error' in outcome && outcome.error)).not.toContain('SECRET-ID');
});
