/**
 * What went wrong, as one of a closed set. Each has a default {@link Verdict}; see the error table of the README.
 */
export type UploadErrorCode =
  | 'network'
  | 'timeout'
  | 'throttled'
  | 'unavailable'
  | 'unauthenticated'
  | 'owner_mismatch'
  | 'misconfigured'
  | 'schema_mismatch'
  | 'update_required'
  | 'aborted'
  | 'unknown'
  | 'unclassified'
  | 'invalid'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large';

/**
 * How a failure is read.
 *
 * - `retry`: nothing is known to be wrong with the write; keep it and try later.
 * - `reject`: the backend will never take it; the rejection policy decides.
 * - `ambiguous`: can't be told apart; retried, and rejected only after the error's budget of tries and time.
 * - `hold`: the app or its version is wrong, not the data; kept, loudly.
 */
export type Verdict = 'retry' | 'reject' | 'ambiguous' | 'hold';

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
