import type { UploadEvent } from './events.ts';
import { INITIAL_STATUS, type UploadCounters, type UploadStatus } from './upload-status.ts';

export type StatusPatch = Partial<Omit<UploadStatus, 'counters'>>;

/** Keeps the status, and tells listeners of each step. */
export interface Publisher {
  readonly status: UploadStatus;
  /** Changes the status, then emits the event. `count` is added to the counters. */
  publish(event: UploadEvent, patch?: StatusPatch, count?: Partial<UploadCounters>): void;
  /** Changes the status outside a step. Emits an event only if something has changed. */
  set(patch: StatusPatch): void;
  subscribe(listener: (event: UploadEvent) => void): () => void;
}

export function createPublisher(): Publisher {
  let status = INITIAL_STATUS;
  const listeners = new Set<(event: UploadEvent) => void>();
  return {
    get status() {
      return status;
    },
    publish(event, patch, count = {}) {
      const counters = { ...status.counters };
      for (const name of Object.keys(count) as (keyof UploadCounters)[]) counters[name] += count[name] ?? 0;
      const isClosed = status.phase === 'closed'; // for good, even if an upload is still ending
      status = Object.freeze({
        ...status,
        ...patch,
        ...(isClosed && { phase: 'closed' }),
        counters: Object.freeze(counters),
      });
      for (const listener of [...listeners]) {
        try {
          if (listeners.has(listener)) listener(event); // not if an earlier listener has removed it
        } catch (error) {
          // An error in a listener must not fail the upload, nor be lost.
          console.error('powersync-backend-connector: a listener threw', error);
        }
      }
    },
    set(patch) {
      const names = Object.keys(patch) as (keyof StatusPatch)[];
      if (names.some((name) => patch[name] !== status[name])) this.publish({ type: 'status' }, patch);
    },
    subscribe(listener) {
      const own = (event: UploadEvent): void => listener(event);
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
  };
}
