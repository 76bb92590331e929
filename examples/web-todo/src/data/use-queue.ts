import type { Owner } from 'powersync-backend-connector/owners';
import { exportQueued } from 'powersync-backend-connector/owners';
import { useEffect, useState } from 'react';
import { db } from './database.ts';

/** A change of one row that waits in the upload queue. */
export interface QueuedChange {
  readonly id: string;
  /** Who wrote it, by `setOwner()`. */
  readonly owner: Owner;
}

/** The upload queue, in order. */
export function useQueue(): readonly QueuedChange[] {
  const [queue, setQueue] = useState<readonly QueuedChange[]>([]);
  useEffect(() => {
    let isStopped = false;
    async function read(): Promise<void> {
      const transactions = await exportQueued(db);
      if (isStopped) return;
      setQueue(transactions.flatMap(({ owner, entries }) => entries.map(({ id }) => ({ id, owner }))));
    }
    const stop = db.onChange({ onChange: read }, { tables: ['ps_crud'], throttleMs: 30 });
    void read();
    return () => {
      isStopped = true;
      stop();
    };
  }, []);
  return queue;
}
