import { describe, expect, it } from 'vitest';
import type { UploadErrorCode } from '../../../src/error/codes.ts';
import { defaultVerdict, type Verdict } from '../../../src/error/codes.ts';

const TABLE: Record<UploadErrorCode, Verdict> = {
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
};

describe('the default verdict', () => {
  it.each(Object.entries(TABLE))('on %s is %s', (code, verdict) => {
    expect(defaultVerdict(code as UploadErrorCode)).toBe(verdict);
  });

  it('on a code it does not know is retry: what is not understood must not delete data', () => {
    for (const code of ['', 'a code of a later version', 'constructor', 'toString', '__proto__', 'valueOf'])
      expect(defaultVerdict(code as UploadErrorCode), code).toBe('retry');
  });
});
