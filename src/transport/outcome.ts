import type { UploadError } from '../error/upload-error.ts';

/**
 * Result of one transaction, as the backend reported it:
 *
 * - `applied`: the backend has stored it, now or on an earlier try. It leaves the queue.
 * - `rejected`: the backend will never accept it as it is. The rejection policy decides what happens to it.
 * - `retry`: not now. It stays queued, and so does everything behind it.
 * - `skipped`: there was nothing to send of it. It leaves the queue, but doesn't count as applied.
 * - `not_attempted`: the transport didn't send it, for example because it didn't fit. It goes with the next batch.
 */
export type Outcome =
  /** The backend has stored it, now or on an earlier try. */
  | { readonly status: 'applied' }
  /** The backend will never accept it as it is. The rejection policy decides what happens to it. */
  | {
      readonly status: 'rejected';
      readonly error: UploadError;
      /** Index of the entry at fault, from 0. */
      readonly entryIndex?: number | undefined;
      /** The backend's own words, for the rejection policy. They never reach logs, events or thrown errors. */
      readonly details?: unknown;
      /**
       * The backend asks the app to decide (`requires_client_handling`). Ready-made rejection policies hold it then.
       *
       * @default false
       */
      readonly needsDecision?: boolean | undefined;
      /**
       * Indexes of entries that were applied anyway, from 0. Only if the backend doesn't apply transactions as a
       * whole.
       */
      readonly appliedEntries?: readonly number[] | undefined;
      /**
       * True if the backend said so about this transaction in the form of its contract. False if the outcome was read
       * from the status of a failed request that held only this transaction. `classify` gets this value.
       *
       * @default true
       */
      readonly inBand?: boolean | undefined;
    }
  /** Not now. It stays queued, and so does everything behind it. */
  | {
      readonly status: 'retry';
      readonly error: UploadError;
      /**
       * True if the backend said so about this transaction in the form of its contract. False if the outcome was read
       * from the status or the broken connection of a request that held only this transaction: then `classify` and the
       * breaker treat it like a thrown error.
       *
       * @default true
       */
      readonly inBand?: boolean | undefined;
    }
  /** There was nothing to send of it. It leaves the queue, and says nothing about the backend. */
  | { readonly status: 'skipped' }
  /** The transport didn't send it. It goes with the next batch. */
  | { readonly status: 'not_attempted' };
