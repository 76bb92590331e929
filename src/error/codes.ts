/**
 * What went wrong. Each code has a default {@link Verdict}:
 *
 * - `retry`: `network`, `timeout`, `throttled`, `unavailable`, `unauthenticated`, `owner_mismatch`, `misconfigured`,
 *   `aborted`, `unknown`
 * - `reject`: `invalid`, `forbidden`, `not_found`, `conflict`, `too_large`
 * - `ambiguous`: `unclassified`
 * - `hold`: `schema_mismatch`, `update_required`
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
 * What a failure means for the write.
 *
 * - `retry`: nothing is known to be wrong with the write. It stays queued and is tried again later.
 * - `reject`: the backend will never accept the write. The rejection policy decides what happens to it.
 * - `ambiguous`: it may be an outage or a bad write. It is retried, and rejected only after a number of tries and a
 *   time.
 * - `hold`: the app or its version is wrong, not the data. The write stays queued, and `status.phase` is `held`.
 */
export type Verdict = 'retry' | 'reject' | 'ambiguous' | 'hold';

/** Every code with its default verdict. A Map, because an object would also find inherited names. */
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

/** The default verdict of a code. */
export function defaultVerdict(code: UploadErrorCode): Verdict {
  return VERDICTS.get(code) ?? 'retry';
}
