import type { UploadEvent } from 'powersync-backend-connector';
import { expect, it } from 'vitest';
import { closeClient, openClient, waitFor } from '../support/client.ts';
import type { DeviceTask } from './device.ts';
import { connectorTo, type Servers, soon } from './servers.ts';
import { startDevice } from './start-device.ts';
import { expectDelivered, FITS_BYTES, TOO_MUCH_BYTES, writeWorkload } from './workload.ts';

/** More than one upload of the same queue runs at the same time. */
export function twoAtOnce(servers: Servers): void {
  /** Counts requests under way, of all connectors together. */
  function requestsUnderWay() {
    const count = { now: 0, most: 0 };
    return {
      count,
      listener: ({ type }: UploadEvent) => {
        if (type === 'attempt') count.most = Math.max(count.most, ++count.now);
        if (type === 'answer') count.now--;
      },
    };
  }

  it.each([
    ['in batches', FITS_BYTES],
    ['bisecting', TOO_MUCH_BYTES],
  ])('on one connector, %s: one after another', async (_, maxBodyBytes) => {
    const client = await servers.client();
    const user = servers.newUser();
    const workload = await writeWorkload(client, servers.backend, user);
    const { connector } = connectorTo(servers, client, { user, maxBodyBytes });
    const { count, listener } = requestsUnderWay();
    connector.subscribe(listener);
    await soon(
      Promise.all([
        connector.uploadData(client.db),
        connector.drain(client.db),
        connector.uploadData(client.db),
        connector.drain(client.db),
      ]),
    );
    await expectDelivered(client, servers.backend, workload);
    expect(count).toEqual({ now: 0, most: 1 });
    const before = servers.proxy.requests.length;
    await connector.uploadData(client.db); // The queue is empty.
    expect(servers.proxy.requests.length).toBe(before);
  });

  it('on two connectors and two databases opened on the same file: none is sent twice', async () => {
    const one = await servers.open();
    const user = servers.newUser();
    const workload = await writeWorkload(one, servers.backend, user);
    const two = await servers.open(one);
    servers.proxy.delay(20);
    const { count, listener } = requestsUnderWay();
    const uploads = [one, two, one, two].map((client) => {
      const { connector } = connectorTo(servers, client, { user });
      connector.subscribe(listener);
      return connector.drain(client.db);
    });
    const reports = await soon(Promise.all(uploads));
    expect(reports.map(({ drained }) => drained)).toEqual([true, true, true, true]);
    expect(reports.reduce((sum, { applied }) => sum + applied, 0)).toBe(workload.taken.length);
    expect(count).toEqual({ now: 0, most: 1 });
    await expectDelivered(one, servers.backend, workload);
  });

  it('in two processes: what is sent twice is applied once', async () => {
    const client = await openClient();
    const user = servers.newUser();
    const workload = await writeWorkload(client, servers.backend, user);
    await closeClient(client, { keepFiles: true });
    const task: DeviceTask = {
      folder: client.folder,
      name: client.name,
      url: servers.proxy.url,
      token: await servers.backend.issueToken(user),
      maxBodyBytes: FITS_BYTES,
    };
    const devices = [startDevice(task), startDevice(task)];
    await Promise.all(devices.map((device) => device.until('ready')));
    const [first] = workload.taken;
    const withFirst = () => servers.proxy.requests.filter(({ body }) => body.includes(`:${first}:`));
    servers.proxy.delay(3_000); // long enough for the slower one to read the queue before the other completes anything
    for (const device of devices) device.go();
    await waitFor(() => withFirst().length > 1, { what: 'both to send the first' });
    servers.proxy.delay(0);
    await Promise.all(devices.map((device) => device.until('done')));
    const reopened = await openClient(client);
    await expectDelivered(reopened, servers.backend, workload);
    await closeClient(reopened);
  });
}
