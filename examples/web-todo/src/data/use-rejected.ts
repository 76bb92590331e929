import { notifyRejected, type RejectedWrite, watchRejected } from 'powersync-backend-connector/rejections';
import { useEffect, useState } from 'react';
import { db } from './database.ts';

/** A user's rejected writes. `tell` is called only once for each, even after a reload or in another tab. */
export function useRejected(owner: string, tell: (write: RejectedWrite) => void): readonly RejectedWrite[] {
  const [rejected, setRejected] = useState<readonly RejectedWrite[]>([]);
  useEffect(() => {
    const stop = new AbortController();
    watchRejected(
      db,
      (writes) => {
        setRejected(writes);
        return notifyRejected(db, tell);
      },
      { signal: stop.signal, owner },
    );
    return () => stop.abort();
  }, [owner, tell]);
  return rejected;
}
