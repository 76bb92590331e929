import { afterAll, beforeAll, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { startFaultyProxy } from '../support/faulty-proxy.ts';
import { type ServiceStandIn, startServiceStandIn } from '../support/service-stand-in.ts';
import type { DeviceTask } from './device.ts';
import type { Servers } from './servers.ts';
import { startDevice } from './start-device.ts';
import {
  executed,
  expectDelivered,
  expectNothingLost,
  FITS_BYTES,
  localRows,
  recorded,
  stillQueued,
  TOO_MUCH_BYTES,
  type Workload,
  writeWorkload,
} from './workload.ts';

/**
 * The process of the app is killed in mid-upload, and the app started again: seven times in all.
 *
 * @param round Tells the users of repeated rounds apart.
 */
export function killed(servers: Servers, round: number): void {
  let service: ServiceStandIn;
  const workloads: Workload[] = [];
  let executionsBefore = 0;
  beforeAll(async () => {
    service = await startServiceStandIn({ source: servers.backend, keepaliveMs: 500 });
    executionsBefore = servers.backend.executions();
  });
  afterAll(async () => {
    await service.close();
    const executions = workloads.reduce((sum, { taken }) => sum + taken.length, 0);
    expect(servers.backend.executions() - executionsBefore).toBe(executions);
  });

  /** A database file with a full queue, closed. */
  async function queuedOnDevice(name: string) {
    const user = `${name}-${round}`;
    const client = await openClient();
    const workload = await writeWorkload(client, servers.backend, user);
    workloads.push(workload);
    await closeClient(client, { keepFiles: true });
    const task: DeviceTask = {
      folder: client.folder,
      name: client.name,
      url: servers.backend.url,
      serviceUrl: service.url,
      token: await servers.backend.issueToken(user),
      maxBodyBytes: FITS_BYTES,
    };
    return { client, workload, task, executed: () => executed(servers.backend, user) };
  }

  async function killedAt(stopAt: NonNullable<DeviceTask['stopAt']>, task: DeviceTask) {
    const device = startDevice({ ...task, stopAt });
    await device.until('stopped');
    await device.kill();
  }

  /** What the next start of the app finds. */
  async function lookInto({ folder, name }: TestClient, look: (found: TestClient) => Promise<void>) {
    const found = await openClient({ folder, name });
    await look(found);
    await closeClient(found, { keepFiles: true });
  }

  async function startedAgain(client: TestClient, workload: Workload, task: DeviceTask) {
    await startDevice(task).until('done');
    const reopened = await openClient(client);
    await expectDelivered(reopened, servers.backend, workload);
    expect(await localRows(reopened)).toEqual(workload.rows); // What was refused is rolled back.
    await closeClient(reopened);
  }

  it.concurrent('between send and reply', async () => {
    const device = await queuedOnDevice('sent');
    const { client, workload, task } = device;
    await killedAt('answered', task);
    expect((await device.executed()).length).toBeGreaterThan(5);
    await lookInto(client, async (found) => {
      expect(await stillQueued(found)).toHaveLength(32);
      await expectNothingLost(found, servers.backend, workload);
    });
    await startedAgain(client, workload, task);
  });

  it.concurrent('between reply and record, then between record and complete, twice', async () => {
    const { client, workload, task } = await queuedOnDevice('unlucky');
    const [first] = workload.refused;
    await killedAt('rejected', task);
    await lookInto(client, async (found) => {
      expect(await recorded(found)).toEqual([]);
      expect(await stillQueued(found)).toContain(first);
      await expectNothingLost(found, servers.backend, workload);
    });
    for (const point of ['recorded', 'completing'] as const) {
      await killedAt(point, task);
      await lookInto(client, async (found) => {
        expect(await recorded(found)).toEqual([first]);
        expect(await stillQueued(found)).toContain(first);
        await expectNothingLost(found, servers.backend, workload);
      });
    }
    await startedAgain(client, workload, task);
  });

  it.concurrent('between complete and the next read', async () => {
    const { client, workload, task } = await queuedOnDevice('completed');
    await killedAt('completed', task);
    await lookInto(client, async (found) => {
      const left = (await stillQueued(found)).length;
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThan(32);
      await expectNothingLost(found, servers.backend, workload);
    });
    await startedAgain(client, workload, task);
  });

  it.concurrent('in mid-bisect', async () => {
    const device = await queuedOnDevice('bisected');
    const { client, workload, task } = device;
    await killedAt('bisecting', { ...task, maxBodyBytes: TOO_MUCH_BYTES });
    const done = (await device.executed()).length;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(workload.taken.length);
    await lookInto(client, async (found) => {
      expect(await stillQueued(found)).toHaveLength(32);
      await expectNothingLost(found, servers.backend, workload);
    });
    await startedAgain(client, workload, { ...task, maxBodyBytes: TOO_MUCH_BYTES });
  });

  it.concurrent('while the gate is shut, after a reply was lost', async () => {
    const device = await queuedOnDevice('waiting');
    const { client, workload, task } = device;
    const proxy = await startFaultyProxy(servers.backend.url);
    proxy.dropNextReply();
    await killedAt('waiting', { ...task, url: proxy.url });
    await proxy.close();
    expect((await device.executed()).length).toBeGreaterThan(5);
    await lookInto(client, async (found) => {
      expect(await stillQueued(found)).toHaveLength(32);
      await expectNothingLost(found, servers.backend, workload);
    });
    await startedAgain(client, workload, task);
  });
}
