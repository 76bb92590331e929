import { type Outcome, type Transport, UploadError } from 'powersync-backend-connector';
import { listRejected } from 'powersync-backend-connector/rejections';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, descriptions, queued, testConnector } from '../support/connector.ts';

// UNAUTHORIZED for a transaction in a 200 was taken for a refusal of the write, without the refresh that a 403 gets; and a
// transport that copied its context made every 403 such a refusal.
describe('a token that the backend refuses', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
    await addTodos(client, 'a', 'b', 'c');
  });
  afterEach(() => closeClient(client));

  const forbidden = () => new UploadError('forbidden', 'UNAUTHORIZED');
  /** Applies what comes with a good token; others from `from` on are refused in band. */
  const backend = (isGood: (token: string | undefined) => boolean, from = 0) => {
    const applied: string[] = [];
    const transport: Transport = async (batch, context) => {
      const copy = { ...context };
      const isAllowed = isGood(await copy.token());
      return batch.transactions.map((transaction, index): Outcome => {
        if (!isAllowed && index >= from) return { status: 'rejected', error: forbidden() };
        applied.push(...descriptions({ transactions: [transaction] }));
        return { status: 'applied' };
      });
    };
    return { applied, transport };
  };
  const tokens = (...list: (string | null | Error)[]) => {
    let asked = 0;
    return async () => {
      const next = list[Math.min(asked++, list.length - 1)];
      if (next instanceof Error) throw next;
      return next == null ? null : { token: next };
    };
  };

  it.each([0, 1, 2])(
    'is refreshed once, and the rest sent again: refused in band from %i on',
    async (from) => {
      const { applied, transport } = backend((token) => token === 'new', from);
      const { connector } = testConnector({ transport, credentials: tokens('old', 'new') });
      await connector.uploadData(client.db);
      expect(applied).toEqual(['a', 'b', 'c']);
      expect(connector.status.counters.tokenRefreshes).toBe(2);
      expect(await listRejected(client.db)).toEqual([]);
    },
  );

  it.each([
    ['nobody is signed in any more', null],
    ['no token can be had now', new TypeError('Failed to fetch')],
  ])('rejects nothing where %s', async (_, next) => {
    const { transport } = backend((token) => token === 'new');
    const { connector } = testConnector({ transport, credentials: tokens('old', next) });
    for (let call = 0; call < 3; call++) await connector.drain(client.db);
    expect(await queued(client)).toEqual(['a', 'b', 'c']);
    expect(await listRejected(client.db)).toEqual([]);
  });

  it('is right about a write that others show not to be allowed', async () => {
    const { connector } = testConnector({
      credentials: tokens('one', 'two', 'three'),
      transport: async (batch, { token }) => {
        await token();
        return batch.transactions.map(
          (transaction): Outcome =>
            descriptions({ transactions: [transaction] })[0] === 'b'
              ? { status: 'rejected', error: forbidden() }
              : { status: 'applied' },
        );
      },
    });
    await connector.drain(client.db);
    expect(await listRejected(client.db)).toMatchObject([{ code: 'forbidden' }]);
    expect(connector.status.counters.tokenRefreshes).toBe(1);
  });

  it('and is refused to everybody, as by a server that lost a grant, costs no more than ten writes in an hour', async () => {
    await addTodos(client, ...Array.from({ length: 47 }, (_, index) => `more ${index}`));
    const { transport } = backend(() => false);
    let now = Date.now();
    const { connector } = testConnector({ transport, clock: () => now });
    const end = now + 3_600_000;
    while (now < end) await connector.uploadData(client.db).catch(() => (now += 5_000));
    expect((await listRejected(client.db)).length).toBeLessThanOrEqual(10);
  });
});
