// A device in a process of its own, which can be killed: the SDK on a file, a connector, HTTP.
// Started by `startDevice()` with its task as the argument; tells of its steps by messages.

import { BackendConnector } from '../../src/index.ts';
import { connectClient, openClient, untilSettled } from '../support/client.ts';
import { type Point, withPoints } from './points.ts';

export interface DeviceTask {
  readonly folder: string;
  readonly name: string;
  /** Where writes go. */
  readonly url: string;
  /** Where it syncs; without one it only drains, when it is told to. */
  readonly serviceUrl?: string;
  readonly token: string;
  readonly maxBodyBytes: number;
  /** Stands still there, until it is killed; `waiting`: when the gate is shut. */
  readonly stopAt?: Point | 'waiting';
}

/** What a device tells: that it is open, that it stands still at its point, that its queue is empty. */
export type DeviceMessage = 'ready' | 'stopped' | 'done';

const tell = (message: DeviceMessage) => process.send?.(message);
const { folder, name, url, serviceUrl, token, maxBodyBytes, stopAt }: DeviceTask = JSON.parse(
  process.argv[2] ?? '',
);

const standStill = async () => {
  tell('stopped');
  await new Promise(() => {});
};

const client = await openClient({ folder, name });
const connector = new BackendConnector({
  ...withPoints({
    db: client.db,
    url,
    maxBodyBytes,
    credentials: async () => ({ token }),
    at: (point) => (point === stopAt ? standStill() : undefined),
  }),
  ...(serviceUrl !== undefined && { endpoint: serviceUrl }),
  retry: { baseMs: stopAt === 'waiting' ? 60_000 : 20, timeoutMs: 60_000 },
});
if (stopAt === 'waiting') {
  connector.subscribe(({ type }) => {
    if (type === 'failed') void standStill();
  });
}
process.once('disconnect', () => process.exit()); // The test is over.

if (serviceUrl !== undefined) {
  tell('ready');
  await connectClient(client.db, connector, { retryDelayMs: 20 });
  await untilSettled(client);
} else {
  const go = new Promise((resolve) => process.once('message', resolve));
  tell('ready');
  await go;
  while (!(await connector.drain(client.db)).drained) await new Promise((resolve) => setTimeout(resolve, 5));
}
connector.close();
await client.db.close();
tell('done');
process.disconnect?.();
