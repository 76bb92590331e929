import type { UploadEntry } from '../queue/transaction.ts';

/**
 * Remembers which entries of unfinished transactions were applied, so that a retry doesn't send them again: a repeated
 * entry could undo what another device has written in between. Kept in memory only, so after a restart they are
 * repeated.
 */
export interface Progress {
  has(key: string, entry: UploadEntry): boolean;
  add(key: string, entry: UploadEntry): void;
}

/** How many transactions are remembered; the oldest are dropped. Only a few at the head of the queue ever matter. */
const MAX_TRANSACTIONS = 200;

export function createProgress(): Progress {
  // Op ids by idempotency key. The key depends on the content.
  const applied = new Map<string, Set<number>>();
  return {
    has: (key, { clientId }) => applied.get(key)?.has(clientId) ?? false,
    add(key, { clientId }) {
      const opIds = applied.get(key) ?? new Set();
      applied.delete(key); // so that it becomes the newest
      applied.set(key, opIds.add(clientId));
      const [oldest] = applied.keys();
      if (applied.size > MAX_TRANSACTIONS && oldest !== undefined) applied.delete(oldest);
    },
  };
}
