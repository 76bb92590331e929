import type { UploadError } from './upload-error.ts';

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
    }
  /** Not now; it stays queued, and so does all behind it. */
  | { readonly status: 'retry'; readonly error: UploadError }
  /** It wasn't looked at. */
  | { readonly status: 'not_attempted' };
