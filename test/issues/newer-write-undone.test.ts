import {
  type BackendConnectorOptions,
  type RejectionPolicy,
  type Transport,
  UploadError,
} from 'powersync-backend-connector';
import { hold } from 'powersync-backend-connector/rejections';
import { fakeClock } from 'powersync-backend-connector/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { descriptions, queued, testConnector } from '../support/connector.ts';

// A batch was refused as a whole and halved. The right half was sent, and applied, before policy, breaker and deadline had
// decided on the left one. What was kept there was applied later, after the newer write, whose key was a replay then.
describe('a newer write is not undone by an older one', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
    await client.db.execute("INSERT INTO todos (id, description) VALUES ('x', 'first')");
    await testConnector().connector.drain(client.db);
  });
  afterEach(() => closeClient(client));

  async function write(...values: string[]): Promise<void> {
    for (const value of values)
      await client.db.execute("UPDATE todos SET description = ? WHERE id = 'x'", [value]);
  }

  /** A backend that knows idempotency keys, and refuses each request with something in it, as a whole, until it is mended. */
  function backend(code: UploadError['code'] = 'invalid') {
    const effects: string[] = [];
    const seen = new Set<string>();
    const server = { effects, bad: new Set<string>() };
    const transport: Transport = async (batch) => {
      if (descriptions(batch).some((each) => server.bad.has(each))) throw new UploadError(code, 'Refused.');
      for (const { key, entries } of batch.transactions) {
        if (!seen.has(key)) effects.push(...entries.map((entry) => entry.opData?.description));
        seen.add(key);
      }
      return batch.transactions.map(() => ({ status: 'applied' }));
    };
    return { server, transport };
  }

  async function uploadUntilMended(
    options: Partial<BackendConnectorOptions>,
    { server, transport }: ReturnType<typeof backend>,
  ): Promise<void> {
    const clock = fakeClock();
    const { connector } = testConnector({ transport, clock, ...options });
    for (let call = 0; call < 3; call++) {
      await connector.uploadData(client.db).catch(() => {});
      clock.advance(30_000);
    }
    server.bad.clear();
    for (let call = 0; call < 40 && (await queued(client)).length > 0; call++) {
      await connector.uploadData(client.db).catch(() => {});
      clock.advance(400_000);
    }
    expect(await queued(client)).toEqual([]);
  }

  it('while the breaker keeps the older one', async () => {
    const parts = backend();
    parts.server.bad = new Set(['bad1', 'bad2', 'bad3', 'old']);
    await write('bad1', 'bad2', 'bad3', 'old', 'new');
    await uploadUntilMended({}, parts);
    expect(parts.server.effects.at(-1)).toBe('new');
    expect(parts.server.effects).toEqual(['old', 'new']);
  });

  const failing = (): RejectionPolicy => {
    let asked = 0;
    return () => {
      if (asked++ === 0) throw new Error('Not now.');
      return 'hold';
    };
  };
  it.each<[string, RejectionPolicy]>([
    ['holds it', hold()],
    ['throws once', failing()],
    ['answers what is no answer', (() => 'perhaps') as never],
  ])('where the policy %s', async (_, rejections) => {
    for (const code of ['invalid', 'too_large', 'conflict'] as const) {
      const parts = backend(code);
      parts.server.bad = new Set(['old']);
      await write('old', 'new', 'newest');
      await uploadUntilMended({ rejections }, parts);
      expect(parts.server.effects).toEqual(['old', 'new', 'newest']);
    }
  });

  it('where the deadline comes before the policy has answered', async () => {
    const parts = backend();
    parts.server.bad = new Set(['old']);
    await write('old', 'new');
    let answer = (_: 'hold'): void => {};
    const slow: RejectionPolicy = () => new Promise((resolve) => (answer = resolve));
    const { connector } = testConnector({
      transport: parts.transport,
      rejections: slow,
      retry: { timeoutMs: 60 },
      clock: fakeClock(),
    });
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'timeout' });
    expect(parts.server.effects).toEqual([]);
    answer('hold');
    parts.server.bad.clear();
    while ((await queued(client)).length > 0) await connector.drain(client.db);
    expect(parts.server.effects).toEqual(['old', 'new']);
  });

  it('where the backend went on itself: the older one is recorded as needing a decision, and comes last if written again', async () => {
    const effects: string[] = [];
    const { connector } = testConnector({
      rejections: hold(),
      transport: async (batch) =>
        batch.transactions.map(({ entries }) => {
          if (entries[0]?.opData?.description === 'old')
            return { status: 'rejected', error: new UploadError('conflict', 'No.') };
          effects.push(entries[0]?.opData?.description);
          return { status: 'applied' };
        }),
    });
    await write('old', 'new');
    await connector.drain(client.db);
    expect(await queued(client)).toEqual([]);
    expect(effects).toEqual(['new']);
    const { listRejected } = await import('powersync-backend-connector/rejections');
    expect(await listRejected(client.db)).toMatchObject([
      { state: 'rejected', needsDecision: true, code: 'conflict' },
    ]);
  });

  it('where the backend could not take the older one for now, but took the newer one', async () => {
    const effects: string[] = [];
    let isDown = true;
    const { connector } = testConnector({
      transport: async (batch) =>
        batch.transactions.map(({ entries }) => {
          if (isDown && entries[0]?.opData?.description === 'old')
            return { status: 'retry', error: new UploadError('unavailable', 'Not now.') };
          effects.push(entries[0]?.opData?.description);
          return { status: 'applied' };
        }),
    });
    await write('old', 'new');
    await connector.drain(client.db);
    isDown = false;
    await connector.drain(client.db);
    expect(effects).toEqual(['new']);
  });
});
