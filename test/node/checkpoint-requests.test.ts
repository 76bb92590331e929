import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { checkpointRequests } from 'powersync-backend-connector/http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { testConnector } from '../support/connector.ts';

const URL = 'https://api.test/checkpoint-request';
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

describe('postCheckpointRequest', () => {
  it('exists only if it is configured, because the SDK warns about it in other modes', () => {
    expect('postCheckpointRequest' in testConnector().connector).toBe(false);
    const { connector } = testConnector({ postCheckpointRequest: async (_, requestId) => requestId });
    expect(connector.postCheckpointRequest).toBeTypeOf('function');
  });

  it.each([
    ['at the top', (data: object) => data],
    ['in data, as the service answers', (data: object) => ({ data })],
  ])('posts the ids with the token, and reads the greater id %s', async (_, wrap) => {
    const seen: unknown[] = [];
    server.use(
      http.post(URL, async ({ request }) => {
        seen.push(request.headers.get('authorization'), await request.json());
        return HttpResponse.json(wrap({ checkpoint_request_id: '42' }));
      }),
    );
    const { connector } = testConnector({ postCheckpointRequest: checkpointRequests({ url: URL }) });
    expect(await connector.postCheckpointRequest?.('client', '7')).toBe('42');
    expect(seen).toEqual(['Bearer token', { client_id: 'client', checkpoint_request_id: '7' }]);
  });

  it('refreshes a refused token once', async () => {
    let fetched = 0;
    server.use(
      http.post(URL, ({ request }) =>
        request.headers.get('authorization') === 'Bearer token-2'
          ? HttpResponse.json({ checkpoint_request_id: '7' })
          : HttpResponse.json({ message: 'expired' }, { status: 401 }),
      ),
    );
    const { connector } = testConnector({
      credentials: async () => ({ token: `token-${++fetched}` }),
      postCheckpointRequest: checkpointRequests({ url: URL }),
    });
    expect(await connector.postCheckpointRequest?.('client', '7')).toBe('7');
  });

  const wrong = [null, undefined, 7, '', '6', '7.5', '-8', 'later', {}];
  it.each(wrong)(
    'refuses the answer %j to 7, which the SDK would accept, and wait for ever',
    async (answer) => {
      const { connector } = testConnector({ postCheckpointRequest: (async () => answer) as never });
      await expect(connector.postCheckpointRequest?.('client', '7')).rejects.toMatchObject({
        code: 'misconfigured',
      });
    },
  );

  it.each([
    [503, 'unavailable'],
    [404, 'misconfigured'],
  ])('throws the error for status %i', async (status, code) => {
    server.use(http.post(URL, () => HttpResponse.json({ message: 'no' }, { status })));
    const { connector } = testConnector({ postCheckpointRequest: checkpointRequests({ url: URL }) });
    await expect(connector.postCheckpointRequest?.('client', '7')).rejects.toMatchObject({ code });
  });

  it('ends at the deadline', async () => {
    const { connector } = testConnector({
      postCheckpointRequest: () => new Promise(() => {}),
      retry: { timeoutMs: 30 },
    });
    await expect(connector.postCheckpointRequest?.('client', '7')).rejects.toMatchObject({ code: 'timeout' });
  });
});
