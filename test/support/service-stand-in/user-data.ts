import { BucketHistory } from './bucket-history.ts';
import { coalesced } from './coalesced.ts';
import type { Source } from './source.ts';
import { WriteCheckpoints } from './write-checkpoints.ts';

/** What the stand-in stores for one user: a bucket with its history, and the write checkpoints. */
export class UserData {
  readonly bucket: BucketHistory;
  readonly writeCheckpoints = new WriteCheckpoints();
  /** Updates the bucket with a snapshot that is taken after this call. */
  readonly refresh: () => Promise<void>;
  readonly #listeners = new Set<() => void>();

  constructor(userId: string, source: Source, nextOpId: () => bigint) {
    this.bucket = new BucketHistory(`user_data[${JSON.stringify(userId)}]`, nextOpId);
    this.refresh = coalesced(async () => {
      const markReached = this.writeCheckpoints.beginSnapshot();
      this.bucket.apply(await source.snapshot(userId));
      markReached();
      for (const listener of this.#listeners) listener();
    });
  }

  onRefresh(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
