import { inspect } from 'node:util';
import { type Transport, UploadError } from 'powersync-backend-connector';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, applied, testConnector } from '../support/connector.ts';

const TOKEN = 'header.SECRET-TOKEN.signature';
const ROW = 'SECRET-ROW';
const WORDS = 'SECRET-WORDS of the backend';

/** What HTTP has to do with it is in test/http/secrets.test.ts. */
describe('P7: tokens, row data and words of the backend are not in what is logged, emitted or thrown', () => {
  let client: TestClient;
  const logged: unknown[] = [];
  beforeEach(async () => {
    client = await openClient();
    await addTodos(client, ROW, 'two');
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      vi.spyOn(console, method).mockImplementation((...values) => void logged.push(values));
    }
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    logged.length = 0;
    await closeClient(client);
  });

  const ways: [string, Transport][] = [
    ['applied', async ({ transactions }) => transactions.map(applied)],
    [
      'rejected',
      async ({ transactions }) =>
        transactions.map(() => ({
          status: 'rejected',
          error: new UploadError('invalid', 'no'),
          details: { message: WORDS },
        })),
    ],
    [
      'held',
      async ({ transactions }) =>
        transactions.map(() => ({
          status: 'rejected',
          error: new UploadError('conflict', 'no'),
          details: WORDS,
          needsDecision: true,
        })),
    ],
    [
      'retried',
      async ({ transactions }) =>
        transactions.map(() => ({ status: 'retry', error: new UploadError('unavailable', 'no') })),
    ],
    ['refused', async () => Promise.reject(new UploadError('unauthenticated', 'no'))],
    ['malformed', async () => [] as never],
    [
      'failing with the request attached, as ky and axios do',
      async () =>
        Promise.reject(
          Object.assign(new Error('failed'), {
            request: { headers: { authorization: TOKEN } },
            config: { data: ROW },
            response: { data: WORDS },
          }),
        ),
    ],
  ];
  it.each(ways)('when writes are %s', async (_, answer) => {
    const { connector, events } = testConnector({
      credentials: async () => ({ token: TOKEN }),
      transport: async (batch, context) => {
        expect(await context.token()).toBe(TOKEN);
        return answer(batch, context);
      },
    });
    const thrown = await connector.uploadData(client.db).catch((error) => error);
    const shown = inspect([thrown, events, connector.status, logged], { depth: 20, showHidden: true });
    for (const secret of ['SECRET-TOKEN', ROW, 'SECRET-WORDS']) expect(shown).not.toContain(secret);
    expect(JSON.stringify([events, connector.status])).not.toMatch(/SECRET/);
  });
});
