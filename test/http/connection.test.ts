import { writeApi } from 'powersync-backend-connector/http';
import { describe, expect, it } from 'vitest';
import { batch, context, failureOf, respond, respondApplied, startServer, success } from './support.ts';

const WHOLE = JSON.stringify({ results: [success] });

describe('writeApi() on real connections', () => {
  it('network: nobody listens', async () => {
    const server = await startServer(respondApplied);
    await server.close();
    expect((await failureOf(writeApi({ url: server.url })(batch('a'), context()))).code).toBe('network');
  });

  it('network: the name of the host cannot be resolved', async () => {
    const url = 'http://backend.invalid/api/data';
    expect((await failureOf(writeApi({ url })(batch('a'), context()))).code).toBe('network');
  });

  it('network: the connection ends instead of an answer', async () => {
    const server = await startServer((response) => response.destroy());
    expect((await failureOf(writeApi({ url: server.url })(batch('a'), context()))).code).toBe('network');
    expect(server.requests).toHaveLength(1);
  });

  it('network: the connection ends before the announced length, although what came is whole JSON', async () => {
    const server = await startServer((response) => {
      response.writeHead(200, { 'content-length': WHOLE.length + 10 });
      response.write(WHOLE, () => response.destroy());
    });
    expect((await failureOf(writeApi({ url: server.url })(batch('a'), context()))).code).toBe('network');
  });

  it('network: a chunked answer is cut off, although what came is whole JSON', async () => {
    const server = await startServer((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(WHOLE, () => response.destroy());
    });
    expect((await failureOf(writeApi({ url: server.url })(batch('a'), context()))).code).toBe('network');
  });

  it('misconfigured: an answer of no announced length that ends in the middle', async () => {
    const server = await startServer((response) => {
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { connection: 'close' }).end(WHOLE.slice(0, -3));
    });
    expect((await failureOf(writeApi({ url: server.url })(batch('a'), context()))).code).toBe(
      'misconfigured',
    );
  });

  it('network: a 400 that is cut off in the middle says nothing of the writes', async () => {
    const server = await startServer((response) => {
      response.writeHead(400, { 'content-length': 1000 });
      response.write('{"message":"no"}', () => response.destroy());
    });
    expect((await failureOf(writeApi({ url: server.url })(batch('a'), context()))).code).toBe('network');
  });

  it('ends at once when its signal is aborted while the backend is silent', async () => {
    const controller = new AbortController();
    const server = await startServer(() => controller.abort());
    const delivery = writeApi({ url: server.url })(batch('a'), context({ signal: controller.signal }));
    expect((await failureOf(delivery)).code).toBe('aborted');
  });

  it('ends at once when its signal is aborted in the middle of an answer', async () => {
    const controller = new AbortController();
    const server = await startServer((response) => {
      response.writeHead(200, { 'content-length': WHOLE.length });
      response.write(WHOLE.slice(0, 5), () => controller.abort());
    });
    const delivery = writeApi({ url: server.url })(batch('a'), context({ signal: controller.signal }));
    expect((await failureOf(delivery)).code).toMatch(/^(aborted|network)$/);
  });

  it('sends nothing when its signal is aborted already', async () => {
    const server = await startServer(respondApplied);
    const delivery = writeApi({ url: server.url })(batch('a'), context({ signal: AbortSignal.abort() }));
    expect((await failureOf(delivery)).code).toBe('aborted');
    expect(server.requests).toEqual([]);
  });
});

describe('writeApi(): redirects', () => {
  it.each([307, 308])('%d to the same origin is followed, with method, body and token', async (status) => {
    const server = await startServer((response, request) => {
      if (request.path === '/api/data') response.writeHead(status, { location: '/v2/data' }).end();
      else respondApplied(response, request);
    });
    const outcomes = await writeApi({ url: `${server.url}/api/data` })(batch('a'), context());
    expect(outcomes).toEqual([{ status: 'applied' }]);
    const [first, second] = server.requests;
    expect(second).toMatchObject({ method: 'POST', path: '/v2/data', body: first?.body });
    expect(second?.headers.authorization).toBe('Bearer jwt');
  });

  it('one to the same origin with its full address is followed', async () => {
    const server = await startServer((response, request) => {
      const location = `http://${request.headers.host}/b?x=1`;
      if (request.path === '/a') response.writeHead(308, { location }).end();
      else respondApplied(response, request);
    });
    expect(await writeApi({ url: `${server.url}/a` })(batch('a'), context())).toEqual([
      { status: 'applied' },
    ]);
    expect(server.requests[1]?.path).toBe('/b?x=1');
  });

  const kinds = [301, 302, 303, 307, 308];
  it.each(kinds)('%d to another origin is never followed', async (status) => {
    const elsewhere = await startServer(respondApplied);
    const server = await startServer((response) =>
      response.writeHead(status, { location: `${elsewhere.url}/api/data` }).end(),
    );
    const failure = await failureOf(writeApi({ url: server.url })(batch('a'), context()));
    expect(failure).toMatchObject({ code: 'misconfigured', status });
    expect(elsewhere.requests).toEqual([]);
  });

  const disguises: [string, (url: URL) => string][] = [
    ['without a scheme', (url) => `//${url.host}/`],
    ['with backslashes', (url) => `http:\\\\${url.host}\\`],
    ['with the first origin as user name', (url) => `http://127.0.0.1:1@${url.host}/`],
    ['in capitals', (url) => `HTTP://${url.host}/`],
    ['with spaces around it', (url) => ` ${url.href} `],
  ];
  it.each(disguises)('nor is one that is written %s', async (_, disguise) => {
    const elsewhere = await startServer(respondApplied);
    const location = disguise(new URL(elsewhere.url));
    const server = await startServer((response) => response.writeHead(307, { location }).end());
    await failureOf(writeApi({ url: server.url })(batch('a'), context()));
    expect(elsewhere.requests).toEqual([]);
  });

  it('nor is a second one, behind one to the same origin', async () => {
    const elsewhere = await startServer(respondApplied);
    const server = await startServer((response, { path }) =>
      response.writeHead(307, { location: path === '/' ? '/next' : elsewhere.url }).end(),
    );
    const failure = await failureOf(writeApi({ url: server.url })(batch('a'), context()));
    expect(failure.code).toBe('misconfigured');
    expect(elsewhere.requests).toEqual([]);
  });

  it.each([301, 302, 303])(
    '%d is misconfigured also within the origin: it would lose the body',
    async (status) => {
      const server = await startServer((response) => response.writeHead(status, { location: '/b' }).end());
      const failure = await failureOf(writeApi({ url: `${server.url}/a` })(batch('a'), context()));
      expect(failure).toMatchObject({ code: 'misconfigured', status });
      expect(server.requests).toHaveLength(1);
    },
  );

  it('a circle is left after one round', async () => {
    const server = await startServer((response) => response.writeHead(307, { location: '/' }).end());
    expect((await failureOf(writeApi({ url: server.url })(batch('a'), context()))).code).toBe(
      'misconfigured',
    );
    expect(server.requests).toHaveLength(2);
  });

  it.each([300, 304, 307])('%d without an address is misconfigured', async (status) => {
    const server = await startServer((response) => response.writeHead(status).end());
    expect((await failureOf(writeApi({ url: server.url })(batch('a'), context()))).code).toBe(
      'misconfigured',
    );
  });

  it('an address that cannot be read is misconfigured', async () => {
    const server = await startServer((response) => response.writeHead(307, { location: 'http://[' }).end());
    expect((await failureOf(writeApi({ url: server.url })(batch('a'), context()))).code).toBe(
      'misconfigured',
    );
  });

  it.each([
    ['that is refused', 302, 'https://elsewhere.test/', 1],
    ['that is followed, and refused then', 307, '/next', 2],
  ])('the body of one %s is let go', async (_, status, location, count) => {
    let cancelled = 0;
    const fetch = async () =>
      new Response(new ReadableStream({ cancel: () => void cancelled++ }), { status, headers: { location } });
    const failure = await failureOf(writeApi({ url: 'https://api.test/', fetch })(batch('a'), context()));
    expect([failure.code, cancelled]).toEqual(['misconfigured', count]);
  });

  it('so is that of an answer of another origin', async () => {
    let cancelled = 0;
    const body = new ReadableStream({ cancel: () => void cancelled++ });
    const response = Object.defineProperty(new Response(body), 'url', { value: 'https://portal.test/' });
    const fetch = async () => response;
    await failureOf(writeApi({ url: 'https://api.test/', fetch })(batch('a'), context()));
    expect(cancelled).toBe(1);
  });

  it('a browser hides where a redirect leads: misconfigured', async () => {
    const hidden = Object.defineProperties(new Response(null), {
      type: { value: 'opaqueredirect' },
      status: { value: 0 },
      ok: { value: false },
    });
    const failure = await failureOf(
      writeApi({ url: 'https://api.test/', fetch: async () => hidden })(batch('a'), context()),
    );
    expect(failure.code).toBe('misconfigured');
  });

  it('where the platform follows by itself (React Native), the answer of another origin is not believed', async () => {
    const followed = Object.defineProperties(Response.json({ results: [success] }), {
      url: { value: 'https://portal.test/login' },
      redirected: { value: true },
    });
    const failure = await failureOf(
      writeApi({ url: 'https://api.test/', fetch: async () => followed })(batch('a'), context()),
    );
    expect(failure.code).toBe('misconfigured');
  });
});

describe('writeApi(): headers of the answer', () => {
  it('a refusal of a real server keeps its Retry-After', async () => {
    const server = await startServer((response) => {
      response.setHeader('retry-after', '3');
      respond(response, 503, { message: 'restarting' });
    });
    const failure = await failureOf(writeApi({ url: server.url })(batch('a'), context()));
    expect(failure).toMatchObject({ code: 'unavailable', retryAfterMs: 3_000 });
  });
});
