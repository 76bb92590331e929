import { type Transport, UploadError } from 'powersync-backend-connector';
import { route } from 'powersync-backend-connector/combine';
import { rowEndpoints } from 'powersync-backend-connector/http';
import { nextjs } from 'powersync-backend-connector/presets';
import { postgrest } from 'powersync-backend-connector/supabase';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, applyAll, queued, testConnector } from '../support/connector.ts';

// An UPDATE that changes nothing is queued as a PATCH without columns. Transports that had nothing to send of it reported it as
// applied. So the breaker took it for a sign that the backend works, and trusted the refusals of a broken one again.
describe('a transaction of which nothing is sent', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
  });
  afterEach(() => closeClient(client));

  const nobody = async (): Promise<never> => {
    throw new Error('Nothing was to be sent');
  };
  const rows = rowEndpoints({ url: 'https://api.test', authorization: 'none', fetch: nobody });
  const transports: [string, Transport][] = [
    ['rowEndpoints()', rows],
    ['postgrest()', postgrest({ client: { from: nobody as never, schema: nobody } as never })],
    ['a preset', nextjs({ url: 'https://api.test', userId: 'u', fetch: nobody }).transport],
    ['route()', route({ todos: rows, default: nobody })],
    [
      'a transport of the app',
      async ({ transactions }) => transactions.map(() => ({ status: 'skipped' }) as const),
    ],
  ];

  it.each(transports)('leaves the queue, and doesn’t count as applied: %s', async (_, skips) => {
    let transport = applyAll;
    const { connector } = testConnector({ transport: (batch, context) => transport(batch, context) });
    const upload = (by: Transport) => {
      transport = by;
      return connector.uploadData(client.db).catch(() => {});
    };
    const refuse: Transport = async () => {
      throw new UploadError('forbidden', 'No.', { status: 403 });
    };
    await addTodos(client, 'mine');
    await upload(applyAll);
    for (let times = 0; times < 3; times++) {
      for (let updates = 0; updates < 6; updates++)
        await client.db.execute('UPDATE todos SET description = description');
      await upload(skips);
      expect(await queued(client)).toEqual([]);
      await addTodos(client, `refused ${times}`);
      await upload(refuse);
    }
    expect(connector.status.counters).toMatchObject({ applied: 1, rejected: 3 });
    expect(connector.status.breaker).toBe('open');
  });
});
