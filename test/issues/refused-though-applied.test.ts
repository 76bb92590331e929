import { type Outcome, type Transport, UploadError } from 'powersync-backend-connector';
import { listRejected } from 'powersync-backend-connector/rejections';
import { fakeClock } from 'powersync-backend-connector/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient, waitFor } from '../support/client.ts';
import { addTodos, applyAll, noAnswer, queued, testConnector } from '../support/connector.ts';

// The answer to a write was lost. Its retry was refused, because the key was still in use, or the row was there already;
// and the write was recorded as a conflict, though it had been applied.
describe('the refusal of a retry, after an answer was lost', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
    await addTodos(client, 'a');
  });
  afterEach(() => closeClient(client));

  const lost: Transport = async () => {
    throw new UploadError('network', 'The connection broke.');
  };
  const inBand =
    (error: UploadError): Transport =>
    async ({ transactions }) =>
      transactions.map((): Outcome => ({ status: 'rejected', error }));
  const asRequest =
    (error: UploadError): Transport =>
    async () => {
      throw error;
    };

  const refused = inBand(new UploadError('conflict', '23505'));
  const refusals: [string, Transport][] = [
    [
      'a 409 for the request',
      asRequest(new UploadError('conflict', 'Still being processed.', { status: 409 })),
    ],
    ['a 422 for the request', asRequest(new UploadError('invalid', 'The key was used.', { status: 422 }))],
    ['a unique violation in band', refused],
  ];

  it.each(refusals)('%s that passes: it is applied, and nothing is listed', async (_, refused) => {
    const clock = fakeClock();
    const answers = [lost, refused, refused, applyAll];
    const { connector } = testConnector({
      clock,
      transport: (batch, context) => (answers.shift() ?? applyAll)(batch, context),
    });
    for (let call = 0; call < 10; call++) {
      await connector.uploadData(client.db).catch(() => {});
      clock.advance(5_000);
    }
    expect(await queued(client)).toEqual([]);
    expect(await listRejected(client.db)).toEqual([]);
  });

  it.each(refusals)(
    '%s that stays: it leaves within a minute, and the list says that it may be applied',
    async (_, refused) => {
      const clock = fakeClock();
      const answers = [lost];
      const { connector } = testConnector({
        clock,
        transport: (batch, context) => (answers.shift() ?? refused)(batch, context),
      });
      await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'network' });
      // A restart: the next connector knows it from the database.
      const next = testConnector({ clock, transport: refused });
      const startedAt = clock();
      while ((await queued(client)).length > 0 && clock() < startedAt + 60_000) {
        await next.connector.uploadData(client.db).catch(() => clock.advance(5_000));
      }
      expect(await listRejected(client.db)).toMatchObject([{ mayBeApplied: true, state: 'rejected' }]);
      expect(await queued(client)).toEqual([]);
    },
  );

  it.each(refusals)(
    '%s without a lost answer is believed at once, and nothing may be applied',
    async (_, refused) => {
      const { connector } = testConnector({ transport: refused });
      await connector.drain(client.db);
      expect(await listRejected(client.db)).toMatchObject([{ mayBeApplied: false }]);
    },
  );

  it('a deadline leaves it written down all the time: the app may be killed then', async () => {
    const marks: unknown[] = [];
    const database = new Proxy(client.db, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...values: unknown[]) => {
          const [, parameters] = values as [unknown, unknown[]?];
          if (name === 'execute' && parameters?.[0] === 'unanswered') marks.push(parameters[1]);
          return Reflect.apply(member, target, values);
        };
      },
    });
    const { connector } = testConnector({ transport: noAnswer, retry: { timeoutMs: 700 } });
    await expect(connector.uploadData(database)).rejects.toMatchObject({ code: 'timeout' });
    await waitFor(() => marks.length > 0);
    expect(new Set(marks)).toEqual(new Set(['1']));
  });

  it('a slow answer is none that was lost', async () => {
    const { connector } = testConnector({
      transport: async (batch, context) => {
        await new Promise((resolve) => setTimeout(resolve, 700));
        return refused(batch, context);
      },
    });
    await connector.drain(client.db);
    expect(await listRejected(client.db)).toMatchObject([{ mayBeApplied: false }]);
  });

  it('a request that was never sent, for want of a token, is none either', async () => {
    let isOffline = true;
    const { connector } = testConnector({
      credentials: async () => {
        if (isOffline) throw new TypeError('Failed to fetch');
        return { token: 'token' };
      },
      transport: async (batch, context) => {
        await context.token();
        return refused(batch, context);
      },
    });
    await connector.drain(client.db);
    isOffline = false;
    await connector.drain(client.db);
    expect(await listRejected(client.db)).toMatchObject([{ mayBeApplied: false }]);
  });
});
