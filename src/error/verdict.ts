import type { UploadError, UploadErrorCode } from './upload-error.ts';

/**
 * How a failure is read.
 *
 * - `retry`: nothing is known to be wrong with the write; keep it and try later.
 * - `reject`: the backend will never take it; the rejection policy decides.
 * - `ambiguous`: can't be told apart; retried, and rejected only after the error's budget of tries and time.
 * - `hold`: the app or its version is wrong, not the data; kept, loudly.
 */
export type Verdict = 'retry' | 'reject' | 'ambiguous' | 'hold';

/** What `classify` gets to judge: a failed request, or a transaction that the backend rejected. */
export interface UploadFailure {
  readonly code: UploadErrorCode;
  /** HTTP status, where there was one. */
  readonly status?: number | undefined;
  readonly error: UploadError;
  /** The backend's own words, if it said anything of one transaction. May hold row data. */
  readonly details?: unknown;
  /** True when the backend rejected one transaction in its contract's form, false when a whole request failed. */
  readonly inBand: boolean;
}

/** The closed set of codes, with the verdict on each. A Map, which knows no inherited names. */
const VERDICTS = new Map<unknown, Verdict>(
  Object.entries({
    network: 'retry',
    timeout: 'retry',
    throttled: 'retry',
    unavailable: 'retry',
    unauthenticated: 'retry',
    owner_mismatch: 'retry',
    misconfigured: 'retry',
    aborted: 'retry',
    unknown: 'retry',
    schema_mismatch: 'hold',
    update_required: 'hold',
    unclassified: 'ambiguous',
    invalid: 'reject',
    forbidden: 'reject',
    not_found: 'reject',
    conflict: 'reject',
    too_large: 'reject',
  } satisfies Record<UploadErrorCode, Verdict>),
);

export function isUploadErrorCode(value: unknown): value is UploadErrorCode {
  return VERDICTS.has(value);
}

/** The default verdict on a code. */
export function defaultVerdict(code: UploadErrorCode): Verdict {
  return VERDICTS.get(code) ?? 'retry';
}
