import { writeApi } from 'powersync-backend-connector/http';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { TestClient } from '../support/client.ts';
import { connectorTo, errorOf, type Servers } from './servers.ts';
import { expectDelivered, writeWorkload } from './workload.ts';

/** The clock of the device is wrong. Time goes by in both worlds, an hour apart. */
export function clockIsOff(servers: Servers, offMs: number): void {
  const deviceClock = () => Date.now() + offMs;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const goBy = (ms: number) => vi.setSystemTime(Date.now() + ms);

  /** Puts the time of the backend into its answers: Node's own `Date` header knows no other time than the real one. */
  function dated(date: () => string | undefined): typeof fetch {
    return async (input, init) => {
      const response = await fetch(input, init);
      const headers = new Headers(response.headers);
      headers.delete('date');
      const told = date();
      if (told !== undefined) headers.set('date', told);
      return new Response(await response.text(), { status: response.status, headers });
    };
  }

  it.each([
    ['told by the Date header', () => new Date().toUTCString()],
    ['without a Date header, as in browsers by default', () => undefined],
  ])(
    '%s: tokens of 5 minutes are used for minutes, and refreshed before the backend refuses them',
    async (_, date) => {
      const client = await servers.client();
      const user = servers.newUser();
      let refreshes = 0;
      const { connector, events } = connectorTo(servers, client, {
        user,
        clock: deviceClock,
        credentials: async () => {
          refreshes++;
          return { token: await servers.backend.issueToken(user) };
        },
        transport: writeApi({ url: `${servers.proxy.url}/api/data`, fetch: dated(date) }),
      });
      const workload = await writeWorkload(client, servers.backend, user);
      await connector.drain(client.db);
      await expectDelivered(client, servers.backend, workload);
      expect(refreshes).toBe(1);

      for (let minute = 0; minute < 60; minute++) {
        goBy(60_000);
        await addList(client, `${user}-minute-${minute}`, user);
        await connector.uploadData(client.db);
      }
      expect(refreshes).toBeGreaterThanOrEqual(60 / 5);
      expect(refreshes).toBeLessThanOrEqual(60 / 3);
      expect(servers.proxy.requests.filter(({ status }) => status === 401)).toEqual([]);
      expect(events.filter(({ type }) => type === 'failed')).toEqual([]);
      expect(servers.backend.executions() - workload.executionsBefore).toBe(workload.taken.length + 60);
    },
  );

  it('a Retry-After date is a wait of as long as the backend meant', async () => {
    const client = await servers.client();
    const user = servers.newUser();
    const workload = await writeWorkload(client, servers.backend, user);
    const token = await servers.backend.issueToken(user);
    const { connector } = connectorTo(servers, client, { user, credentials: async () => ({ token }) });
    const backendsNow = Date.now();
    const until = (ms: number) => new Date(backendsNow + ms).toUTCString();
    servers.proxy.failNext(503, { headers: { date: until(0), 'retry-after': until(120_000) } });
    vi.setSystemTime(deviceClock()); // From here on, for the whole process.
    expect(await errorOf(connector.uploadData(client.db))).toMatchObject({ retryAfterMs: 120_000 });
    expect((connector.status.nextAttemptAt ?? 0) - Date.now()).toBe(120_000);

    goBy(119_000);
    expect(await connector.drain(client.db)).toMatchObject({ drained: false, applied: 0 });
    expect(servers.proxy.requests).toHaveLength(1);
    goBy(1_000);
    vi.setSystemTime(backendsNow); // The backend of this test needs its time back to read the token.
    await expect.poll(() => connector.drain(client.db)).toMatchObject({ drained: true });
    await expectDelivered(client, servers.backend, workload);
  });
}

/** It is set while the gate is shut and a token is held. */
export function clockIsSet(servers: Servers): void {
  it.each([
    ['back', -3_600_000],
    ['forth', 3_600_000],
  ])('an hour %s, while the gate is shut and a token is held', async (_, setMs) => {
    const client = await servers.client();
    const user = servers.newUser();
    const workload = await writeWorkload(client, servers.backend, user);
    let offMs = 0;
    let refreshes = 0;
    const { connector } = connectorTo(servers, client, {
      user,
      clock: () => Date.now() + offMs,
      credentials: async () => {
        refreshes++;
        return { token: await servers.backend.issueToken(user) };
      },
    });
    servers.proxy.dropNextReply();
    expect(await errorOf(connector.uploadData(client.db))).toMatchObject({ code: 'network' });
    offMs = setMs;
    for (let left = 20; left > 0 && (await client.db.getNextCrudTransaction()); left--)
      await connector.uploadData(client.db);
    await expectDelivered(client, servers.backend, workload);
    expect(refreshes).toBeLessThanOrEqual(2);
  });
}

async function addList({ db }: TestClient, id: string, user: string): Promise<void> {
  await db.execute('INSERT INTO lists (id, name, owner_id) VALUES (?, ?, ?)', [id, 'a list', user]);
}
