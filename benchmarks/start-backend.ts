import { fork } from 'node:child_process';
import { once } from 'node:events';

/** What the backend is told; it answers with what it has counted since the last order. */
export interface BackendOrder {
  readonly latencyMs: number;
  /** Bandwidth of the way to the backend; absent: unlimited. */
  readonly bytesPerMs?: number | undefined;
}

export interface BackendCounts {
  readonly requests: number;
  /** Of request bodies. */
  readonly bytes: number;
}

export interface Backend {
  readonly url: string;
  /** Sets latency and bandwidth from now on, and returns what was counted since the last call. */
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
