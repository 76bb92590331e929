import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DeviceMessage, DeviceTask } from './device.ts';

const PROGRAM = fileURLToPath(new URL('./device.ts', import.meta.url));

export interface Device {
  /** Waits until it has told this; fails if it ends before that. */
  until(message: DeviceMessage): Promise<void>;
  /** Lets a device without a service begin. */
  go(): void;
  /** Ends it at once, without a chance to clean up. */
  kill(): Promise<void>;
}

/** Starts a device in a process of its own; it ends with this process at the latest. */
export function startDevice(task: DeviceTask): Device {
  const child = fork(PROGRAM, [JSON.stringify(task)], {
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const ended = once(child, 'close');
  const told = new Set<unknown>();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += data));
  child.on('message', (message) => told.add(message));
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return {
    until: (message) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (told.has(message)) resolve();
        };
        look();
        child.on('message', look);
        void ended.then(() => reject(new Error(`The device ended before it was ${message}:\n${output}`)));
      }),
    go: () => child.send('go'),
    kill,
  };
}
