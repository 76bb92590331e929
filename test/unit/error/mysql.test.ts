import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultVerdict } from '../../../src/error/codes.ts';
import { codeFromMySqlErrno } from '../../../src/error/mysql.ts';

describe('codeFromMySqlErrno', () => {
  it.each([
    [1317, 'timeout', 'ER_QUERY_INTERRUPTED'],
    [1969, 'timeout', 'ER_STATEMENT_TIMEOUT of MariaDB'],
    [3024, 'timeout', 'ER_QUERY_TIMEOUT of MySQL'],
    [1040, 'unavailable', 'ER_CON_COUNT_ERROR'],
    [1152, 'unavailable', 'ER_ABORTING_CONNECTION'],
    [1205, 'unavailable', 'ER_LOCK_WAIT_TIMEOUT'],
    [1213, 'unavailable', 'ER_LOCK_DEADLOCK'],
    [1290, 'unavailable', 'ER_OPTION_PREVENTS_STATEMENT'],
    [2006, 'unavailable', 'CR_SERVER_GONE_ERROR'],
    [2013, 'unavailable', 'CR_SERVER_LOST'],
    [3572, 'unavailable', 'ER_LOCK_NOWAIT'],
    [1045, 'misconfigured', 'ER_ACCESS_DENIED_ERROR'],
    [1142, 'misconfigured', 'ER_TABLEACCESS_DENIED_ERROR'],
    [1054, 'schema_mismatch', 'ER_BAD_FIELD_ERROR'],
    [1146, 'schema_mismatch', 'ER_NO_SUCH_TABLE'],
    [1062, 'conflict', 'ER_DUP_ENTRY'],
    [1451, 'conflict', 'ER_ROW_IS_REFERENCED_2'],
    [1452, 'conflict', 'ER_NO_REFERENCED_ROW_2'],
    [1048, 'invalid', 'ER_BAD_NULL_ERROR'],
    [1264, 'invalid', 'ER_WARN_DATA_OUT_OF_RANGE'],
    [1366, 'invalid', 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD'],
    [1406, 'invalid', 'ER_DATA_TOO_LONG'],
    [1644, 'invalid', 'ER_SIGNAL_EXCEPTION'],
    [3819, 'invalid', 'ER_CHECK_CONSTRAINT_VIOLATED of MySQL'],
    [4025, 'invalid', 'ER_CONSTRAINT_FAILED of MariaDB'],
    [1153, 'too_large', 'ER_NET_PACKET_TOO_LARGE'],
  ])('reads %i as %s (%s)', (errno, code) => {
    expect(codeFromMySqlErrno(errno)).toBe(code);
  });

  it.each<[number | undefined, string]>([
    [1064, 'ER_PARSE_ERROR in the server'],
    [1105, 'ER_UNKNOWN_ERROR'],
    [1049, 'ER_BAD_DB_ERROR'],
    [1136, 'ER_WRONG_VALUE_COUNT_ON_ROW in the server'],
    [0, 'no error'],
    [-111, 'errno of ECONNREFUSED'],
    [Number.NaN, 'no number'],
    [undefined, 'an error without a number'],
  ])('does not know %s, so that the write is kept (%s)', (errno) => {
    expect(codeFromMySqlErrno(errno)).toBe('unknown');
  });

  it('rejects for few numbers only', () => {
    const rejecting = new Set([
      ...[1022, 1062, 1169, 1586, 1216, 1217, 1451, 1452, 1557, 1761, 1762],
      ...[1048, 1264, 1265, 1292, 1364, 1366, 1367, 1369, 1406, 1411, 1416, 1525, 1644, 1690],
      ...[3140, 3819, 4025, 1153],
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), (errno) => {
        expect(defaultVerdict(codeFromMySqlErrno(errno)) === 'reject').toBe(rejecting.has(errno));
      }),
      { numRuns: 2000 },
    );
  });
});
