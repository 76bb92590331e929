import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultVerdict } from '../../../src/error/codes.ts';
import { codeFromMongoCode } from '../../../src/error/mongodb.ts';

describe('codeFromMongoCode', () => {
  it.each([
    [50, 'timeout', 'MaxTimeMSExpired'],
    [11601, 'timeout', 'Interrupted'],
    [6, 'unavailable', 'HostUnreachable'],
    [64, 'unavailable', 'WriteConcernTimeout'],
    [91, 'unavailable', 'ShutdownInProgress'],
    [112, 'unavailable', 'WriteConflict'],
    [189, 'unavailable', 'PrimarySteppedDown'],
    [251, 'unavailable', 'NoSuchTransaction'],
    [10107, 'unavailable', 'NotWritablePrimary'],
    [14031, 'unavailable', 'OutOfDiskSpace'],
    [13, 'misconfigured', 'Unauthorized'],
    [18, 'misconfigured', 'AuthenticationFailed'],
    [26, 'schema_mismatch', 'NamespaceNotFound'],
    [11000, 'conflict', 'DuplicateKey'],
    [66, 'invalid', 'ImmutableField'],
    [121, 'invalid', 'DocumentValidationFailure'],
    [10334, 'too_large', 'BSONObjectTooLarge'],
  ])('reads %i as %s (%s)', (number, code) => {
    expect(codeFromMongoCode(number)).toBe(code);
  });

  it.each<[number | undefined, string]>([
    [2, 'BadValue, also of a faulty command'],
    [9, 'FailedToParse, also of a faulty command'],
    [14, 'TypeMismatch, also of a faulty command'],
    [8, 'UnknownError'],
    [0, 'no error'],
    [Number.NaN, 'no number'],
    [undefined, 'an error without a code'],
  ])('does not know %s, so that the write is kept (%s)', (number) => {
    expect(codeFromMongoCode(number)).toBe('unknown');
  });

  it('rejects for few codes only', () => {
    const rejecting = new Set([11000, 11001, 12582, 28, 52, 56, 57, 66, 121, 10334]);
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: -10, max: 500 }), fc.integer({ max: 20_000 })), (code) => {
        expect(defaultVerdict(codeFromMongoCode(code)) === 'reject').toBe(rejecting.has(code));
      }),
      { numRuns: 5000 },
    );
  });
});
