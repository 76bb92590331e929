import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultVerdict } from '../../../src/error/codes.ts';
import { codeFromSqlServerNumber } from '../../../src/error/sql-server.ts';

describe('codeFromSqlServerNumber', () => {
  it.each([
    [-2, 'timeout', 'command timeout of the client'],
    [1205, 'unavailable', 'deadlock victim'],
    [1222, 'unavailable', 'lock request time-out'],
    [3960, 'unavailable', 'snapshot isolation conflict'],
    [3906, 'unavailable', 'read-only database'],
    [9002, 'unavailable', 'transaction log full'],
    [40501, 'unavailable', 'Azure: service busy'],
    [40613, 'unavailable', 'Azure: database not available'],
    [229, 'misconfigured', 'permission on an object'],
    [18456, 'misconfigured', 'login failed'],
    [207, 'schema_mismatch', 'invalid column name'],
    [208, 'schema_mismatch', 'invalid object name'],
    [33504, 'forbidden', 'row-level security'],
    [547, 'conflict', 'foreign key or CHECK'],
    [2601, 'conflict', 'unique index'],
    [2627, 'conflict', 'unique key'],
    [515, 'invalid', 'null'],
    [220, 'invalid', 'arithmetic overflow'],
    [245, 'invalid', 'conversion failed'],
    [2628, 'invalid', 'too long'],
    [8114, 'invalid', 'error converting data type'],
    [8115, 'invalid', 'arithmetic overflow'],
    [8152, 'invalid', 'too long, in older versions'],
    [50_000, 'invalid', 'RAISERROR of a trigger'],
    [51_234, 'invalid', 'THROW of a procedure'],
  ])('reads %i as %s (%s)', (number, code) => {
    expect(codeFromSqlServerNumber(number)).toBe(code);
  });

  it.each<[number | undefined, string]>([
    [102, 'incorrect syntax in the server'],
    [544, 'explicit value for an identity column'],
    [0, 'no error'],
    [Number.NaN, 'no number'],
    [undefined, 'an error without a number'],
  ])('does not know %s, so that the write is kept (%s)', (number) => {
    expect(codeFromSqlServerNumber(number)).toBe('unknown');
  });

  it('rejects for few numbers below those of the app only', () => {
    const rejecting = new Set([
      ...[33504, 547, 2601, 2627, 515, 220, 232, 8115, 241, 242, 295, 296],
      ...[244, 245, 248, 8114, 8169, 2628, 8152, 550],
    ]);
    fc.assert(
      fc.property(fc.integer({ min: -10, max: 49_999 }), (number) => {
        expect(defaultVerdict(codeFromSqlServerNumber(number)) === 'reject').toBe(rejecting.has(number));
      }),
      { numRuns: 5000 },
    );
  });
});
