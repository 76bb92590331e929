import type { Owner } from 'powersync-backend-connector/owners';
import { exportQueued } from 'powersync-backend-connector/owners';
import { useEffect, useState } from 'react';
import { db } from './database.ts';

/** A change of one row that waits in the upload queue. */
export interface QueuedChange {
  /** Who wrote it, according to `setOwner()`. */
  readonly owner: Owner;
}

/**
 * The upload queue, in order. It is read again for each user, because SQLite reports no change if a table is emptied at
 * once.
 */
export function useQueue(userId: string | undefined): readonly QueuedChange[] {
  const [queue, setQueue] = useState<readonly QueuedChange[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above.
  useEffect(() => {
    let isStopped = false;
    async function read(): Promise<void> {
      const transactions = await exportQueued(db);
      if (isStopped) return;
      setQueue(transactions.flatMap(({ owner, entries }) => entries.map(() => ({ owner }))));
    }
    const stop = db.onChange({ onChange: read }, { tables: ['ps_crud'], throttleMs: 30 });
    void read();
    return () => {
      isStopped = true;
      stop();
    };
  }, [userId]);
  return queue;
}
