import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A message to the backend. It answers with its counts since the last message. */
export interface BackendOrder {
  readonly latencyMs: number;
  /** Bandwidth to the backend. If absent, it is unlimited. */
  readonly bytesPerMs?: number | undefined;
}

export interface BackendCounts {
  readonly requests: number;
  /** Of request bodies. */
  readonly bytes: number;
}

export interface Backend {
  readonly url: string;
  /** Sets latency and bandwidth from now on, and returns the counts since the last call. */
  order(order: BackendOrder): Promise<BackendCounts>;
  stop(): void;
}

export async function startBackend(): Promise<Backend> {
  const child = fork(new URL('./backend.ts', import.meta.url));
  const [port] = await once(child, 'message');
  return {
    url: `http://127.0.0.1:${port}`,
    async order(order) {
      const answered = once(child, 'message');
      child.send(order);
      const [counts] = await answered;
      return counts as BackendCounts;
    },
    stop: () => {
      child.kill();
    },
  };
}
