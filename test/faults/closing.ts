import type { DrainReport } from 'powersync-backend-connector';
import { expect, it } from 'vitest';
import type { TestClient } from '../support/client.ts';
import { POINTS, type Point } from './points.ts';
import { connectorTo, type Servers, soon } from './servers.ts';
import { expectDelivered, expectNothingLost, FITS_BYTES, TOO_MUCH_BYTES, writeWorkload } from './workload.ts';

/** Something is closed or aborted in mid-upload, at every point of it. */
export function closedInMidUpload(servers: Servers): void {
  /** Drains a full queue, and strikes when it comes to this point for the first time. */
  async function struckAt(
    point: Point,
    strike: (
      parts: Pick<ReturnType<typeof connectorTo>, 'connector'> & { close(): Promise<void> },
    ) => unknown,
    signal?: AbortSignal,
    client?: TestClient,
  ) {
    client ??= await servers.client();
    const user = servers.newUser();
    const workload = await writeWorkload(client, servers.backend, user);
    const afterwards: Point[] = [];
    let isStruck = false;
    const { connector } = connectorTo(servers, client, {
      user,
      maxBodyBytes: point === 'bisecting' ? TOO_MUCH_BYTES : FITS_BYTES,
      async at(reached) {
        if (isStruck) afterwards.push(reached);
        else if (reached === point) {
          isStruck = true;
          await strike({ connector, close: () => client.db.close() });
        }
      },
    });
    const report = await soon(connector.drain(client.db, { signal }));
    expect(isStruck).toBe(true);
    expect(report).toMatchObject({ drained: false, error: { name: 'UploadError' } });
    return { client, user, workload, connector, report, afterwards };
  }

  const isSent = (point: Point) => point === 'sending' || point === 'bisecting';
  const expectAborted = (point: Point, report: DrainReport, afterwards: Point[]) => {
    expect(report.error?.code).toBe('aborted');
    // What was about to be sent may have gone; nothing is sent behind it.
    expect(afterwards.filter(isSent).length).toBeLessThanOrEqual(point === 'sending' ? 0 : 1);
    if (!isSent(point) && point !== 'reading' && point !== 'asking for a token')
      expect(afterwards.filter(isSent)).toEqual([]);
  };

  it.each(POINTS)('the database, when %s', async (point) => {
    const { client, user, workload } = await struckAt(
      point,
      ({ close }) => close(),
      undefined,
      await servers.open(),
    );
    const reopened = await servers.open(client);
    await expectNothingLost(reopened, servers.backend, workload);
    const { connector } = connectorTo(servers, reopened, { user });
    expect(await connector.drain(reopened.db)).toMatchObject({ drained: true });
    await expectDelivered(reopened, servers.backend, workload);
  });

  it.each(POINTS)('the connector, when %s', async (point) => {
    const struck = await struckAt(point, ({ connector }) => connector.close());
    const { client, user, workload, connector, report, afterwards } = struck;
    expectAborted(point, report, afterwards);
    expect(connector.status.phase).toBe('closed');
    await expectNothingLost(client, servers.backend, workload);
    const before = servers.proxy.requests.length;
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'aborted' });
    expect(servers.proxy.requests.length).toBe(before);
    const next = connectorTo(servers, client, { user });
    expect(await next.connector.drain(client.db)).toMatchObject({ drained: true });
    await expectDelivered(client, servers.backend, workload);
  });

  it.each(POINTS)('the drain by its signal, when %s', async (point) => {
    const stop = new AbortController();
    const struck = await struckAt(point, () => stop.abort(), stop.signal);
    const { client, workload, connector, report, afterwards } = struck;
    expectAborted(point, report, afterwards);
    expect(connector.status).toMatchObject({ phase: 'idle', counters: { failures: 0 } });
    await expectNothingLost(client, servers.backend, workload);
    await connector.uploadData(client.db); // Nothing keeps the next one.
    expect(await connector.drain(client.db)).toMatchObject({ drained: true });
    await expectDelivered(client, servers.backend, workload);
  });

  const WAITING: Point[] = ['asking for a token', 'sending', 'answered', 'bisecting', 'rejected'];
  it.each(WAITING)('the connector, while it waits, %s', async (point) => {
    const struck = await struckAt(point, ({ connector }) => {
      // What asks for a token or a decision may wait for ever; a request ends with its signal, at the latest.
      return new Promise((_, reject) => {
        setTimeout(() => {
          connector.close();
          if (isSent(point) || point === 'answered') reject(new Error('aborted'));
        }, 20);
      });
    });
    expect(struck.report.error?.code).toBe('aborted');
    await expectNothingLost(struck.client, servers.backend, struck.workload);
    const next = connectorTo(servers, struck.client, { user: struck.user });
    Object.assign(struck.client.db, { getCrudBatch: Object.getPrototypeOf(struck.client.db).getCrudBatch });
    expect(await next.connector.drain(struck.client.db)).toMatchObject({ drained: true });
    await expectDelivered(struck.client, servers.backend, struck.workload);
  });
}
