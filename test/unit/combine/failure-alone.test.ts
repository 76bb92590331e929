import { expect, it } from 'vitest';
import { failureAlone } from '../../../src/combine/failure-alone.ts';
import type { UploadErrorCode } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';

it.each<[UploadErrorCode, 'rejected' | 'retry']>([
  ['conflict', 'rejected'],
  ['forbidden', 'rejected'],
  ['unclassified', 'rejected'],
  ['unavailable', 'retry'],
  ['schema_mismatch', 'retry'],
])('a request that failed with %s is an outcome of its transaction: %s', (code, status) => {
  const error = new UploadError(code, 'No.');
  expect(failureAlone(error)).toEqual({ status, error, inBand: false });
});

it.each<UploadErrorCode>(['aborted', 'unauthenticated', 'owner_mismatch'])('%s ends the call', (code) => {
  expect(() => failureAlone(new UploadError(code, 'No.'))).toThrow(`[${code}]`);
});
