import type { UploadEntry } from '../queue/transaction.ts';

/**
 * Remembers which entries of transactions that aren't through yet were applied, so that a retry doesn't repeat them: an
 * entry that is sent again later could undo what another device wrote in between. Only a hint in memory: after a restart
 * they are repeated.
 */
export interface Progress {
  has(key: string, entry: UploadEntry): boolean;
  add(key: string, entry: UploadEntry): void;
}

/** Transactions to remember. Those that are through leave by age; only few at the queue's head ever matter. */
const MAX_TRANSACTIONS = 200;

export function createProgress(): Progress {
  // By idempotency key, which covers the content; within, by op id.
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
