import type { UploadError } from '../error/upload-error.ts';

/** What the backend said of one transaction. */
export type Outcome =
  /** It is stored, now or by an earlier try. */
  | { readonly status: 'applied' }
  /** It will never be taken as it is; the rejection policy decides what becomes of it. */
  | {
      readonly status: 'rejected';
      readonly error: UploadError;
      /** Which entry is at fault, counted from 0. */
      readonly entryIndex?: number | undefined;
      /** The backend's own words, for the rejection policy. They never reach logs, events or thrown errors. */
      readonly details?: unknown;
      /** The backend asks for a decision by the app (`requires_client_handling`): ready-made policies then hold. */
      readonly needsDecision?: boolean | undefined;
      /** Entries that were applied all the same, counted from 0: only where a transaction isn't applied as a whole. */
      readonly appliedEntries?: readonly number[] | undefined;
      /** Default true; see below. */
      readonly inBand?: boolean | undefined;
    }
  /** Not now; it stays queued, and so does all behind it. */
  | {
      readonly status: 'retry';
      readonly error: UploadError;
      /**
       * False for a failed request that held this one transaction only: read from its status or a broken connection,
       * rather than said in the contract's form. Then `classify` judges it and the breaker counts it, as if it were thrown.
       */
      readonly inBand?: boolean | undefined;
    }
  /** It wasn't looked at. */
  | { readonly status: 'not_attempted' };
