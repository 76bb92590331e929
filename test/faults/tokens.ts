import type { BackendConnector, CredentialsProvider } from 'powersync-backend-connector';
import { fakeClock } from 'powersync-backend-connector/testing';
import { expect, it } from 'vitest';
import type { Point } from './points.ts';
import { connectorTo, errorOf, expiredToken, type Servers } from './servers.ts';
import {
  executed,
  expectDelivered,
  expectNothingLost,
  recorded,
  TOO_MUCH_BYTES,
  writeWorkload,
} from './workload.ts';

/** The backend refuses tokens, real ones that have expired, at each step of an upload. */
export function tokenRefused(servers: Servers): void {
  /** Hands out a good or an expired token on each call, as the script says; good ones when it is over. */
  function scripted(user: string, ...script: ('good' | 'expired' | 'signed out')[]) {
    const given: string[] = [];
    const credentials: CredentialsProvider = async () => {
      const next = script[given.length] ?? 'good';
      given.push(next);
      if (next === 'signed out') return null;
      if (next === 'expired') return { token: await expiredToken(servers.backend, user) };
      return { token: await servers.backend.issueToken(user) };
    };
    return { credentials, given };
  }

  async function prepare(
    script: Parameters<typeof scripted>[1][],
    at?: (point: Point) => unknown,
    bytes?: number,
  ) {
    const client = await servers.client();
    const user = servers.newUser();
    const workload = await writeWorkload(client, servers.backend, user);
    const { credentials, given } = scripted(user, ...script);
    const clock = fakeClock();
    const { connector, events } = connectorTo(servers, client, {
      user,
      credentials,
      clock,
      ...(at && { at }),
      ...(bytes !== undefined && { maxBodyBytes: bytes }),
    });
    return {
      client,
      connector,
      events,
      given,
      clock,
      upload: () => errorOf(connector.uploadData(client.db)),
      refusals: () => servers.proxy.requests.filter(({ status }) => status === 401).length,
      expectNothingLost: () => expectNothingLost(client, servers.backend, workload),
      async expectDelivered() {
        await connector.drain(client.db);
        await expectDelivered(client, servers.backend, workload);
      },
      executed: () => executed(servers.backend, user),
      recorded: () => recorded(client),
    };
  }

  /** As the SDK does when the Service refused the token it was handed. */
  async function invalidate(connector: BackendConnector): Promise<void> {
    await connector.fetchCredentials();
    connector.invalidateCredentials();
  }

  it('at the first request: refreshed once, replayed, and nobody notices', async () => {
    const test = await prepare(['expired', 'good']);
    expect(await test.upload()).toBeUndefined();
    expect(test.refusals()).toBe(1);
    await test.expectDelivered();
    expect(test.given).toEqual(['expired', 'good']);
    expect(test.connector.status.counters.failures).toBe(0);
  });

  it('on replay, too: everything is kept, and nothing rejected, until a token is good', async () => {
    const test = await prepare(Array.from({ length: 10 }, () => 'expired'));
    for (let round = 0; round < 5; round++) {
      expect(await test.upload()).toMatchObject({ code: 'unauthenticated', status: 401 });
      expect(test.connector.status.phase).toBe('needs-auth');
      expect(await test.upload()).toMatchObject({ code: 'unauthenticated' }); // at the gate, without a request
      test.clock.advance((test.connector.status.nextAttemptAt ?? 0) - test.clock());
    }
    expect(test.refusals()).toBe(10);
    expect(test.given).toHaveLength(10); // two for each upload that was tried
    expect(await test.executed()).toEqual([]);
    expect(await test.recorded()).toEqual([]);
    await test.expectNothingLost();
    await test.expectDelivered();
  });

  it('before anything is sent, because nobody is signed in', async () => {
    const test = await prepare(['signed out', 'expired', 'signed out']);
    expect(await test.upload()).toMatchObject({ code: 'unauthenticated' });
    expect(servers.proxy.requests).toEqual([]);
    test.clock.advance(301_000);
    expect(await test.upload()).toMatchObject({ code: 'unauthenticated' }); // signed out between request and replay
    expect(test.refusals()).toBe(1);
    await test.expectNothingLost();
    test.clock.advance(301_000);
    await test.expectDelivered();
  });

  it('at the second batch', async () => {
    let completions = 0;
    const test = await prepare(['good', 'expired', 'good'], async (point) => {
      if (point === 'completed' && ++completions === 1) await invalidate(test.connector);
    });
    expect(await test.connector.drain(test.client.db)).toMatchObject({ drained: true });
    expect(test.refusals()).toBe(1);
    expect(test.given).toEqual(['good', 'expired', 'good']);
    await test.expectDelivered();
  });

  it('in mid-bisect: the rest of it goes on with a fresh token', async () => {
    let struck = false;
    const test = await prepare(
      ['good', 'expired', 'good'],
      async (point) => {
        if (point !== 'answered' || struck) return;
        struck = true; // One half is applied; the other will meet the expired token.
        await invalidate(test.connector);
      },
      TOO_MUCH_BYTES,
    );
    expect(await test.upload()).toBeUndefined();
    const statuses = servers.proxy.requests.map(({ status }) => status);
    expect(statuses.slice(0, 4)).toEqual([413, 200, 413, 401]);
    expect(test.refusals()).toBe(1);
    expect(test.given).toEqual(['good', 'expired', 'good']);
    await test.expectDelivered();
  });

  it('in mid-bisect and on replay: what was applied leaves, the rest is kept and no culprit is made of it', async () => {
    let struck = false;
    const test = await prepare(
      ['good', 'expired', 'expired', 'expired', 'expired'],
      async (point) => {
        if (point !== 'answered' || struck) return;
        struck = true;
        await invalidate(test.connector);
      },
      TOO_MUCH_BYTES,
    );
    expect(await test.upload()).toMatchObject({ code: 'unauthenticated' });
    expect(servers.proxy.requests.map(({ status }) => status)).toEqual([413, 200, 413, 401, 401]);
    await test.expectNothingLost();
    expect(await test.recorded()).toEqual([]);
    expect(await test.client.db.getAll('SELECT 1 FROM ps_crud')).not.toEqual([]);
    test.clock.advance(301_000);
    expect(await test.upload()).toMatchObject({ code: 'unauthenticated' });
    test.clock.advance(301_000);
    await test.expectDelivered();
  });

  it('twice in one bisection: the second time waits for the next call', async () => {
    let answers = 0;
    const test = await prepare(
      ['good', 'expired', 'good', 'expired', 'good'],
      async (point) => {
        if (point === 'answered' && ++answers <= 2) await invalidate(test.connector);
      },
      TOO_MUCH_BYTES,
    );
    expect(await test.upload()).toMatchObject({ code: 'unauthenticated' });
    expect(test.refusals()).toBe(2);
    expect(test.given).toEqual(['good', 'expired', 'good', 'expired']);
    await test.expectNothingLost();
    expect(await test.recorded()).toEqual([]);
    test.clock.advance(301_000);
    await test.expectDelivered();
  });

  it('by the answer that is lost after it was applied, and refused on the next try', async () => {
    const test = await prepare(['good', 'expired', 'good']);
    servers.proxy.dropNextReply();
    expect(await test.upload()).toMatchObject({ code: 'network' });
    await invalidate(test.connector);
    test.clock.advance(301_000);
    expect(await test.upload()).toBeUndefined();
    expect(test.refusals()).toBe(1);
    await test.expectDelivered();
  });
}
