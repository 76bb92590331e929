import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultVerdict } from '../../../src/error/codes.ts';
import { codeFromSqlState } from '../../../src/error/sqlstate.ts';

describe('codeFromSqlState', () => {
  it.each([
    ['57014', 'timeout', 'query_canceled'],
    ['08000', 'unavailable', 'connection_exception'],
    ['08006', 'unavailable', 'connection_failure'],
    ['40001', 'unavailable', 'serialization_failure'],
    ['40P01', 'unavailable', 'deadlock_detected'],
    ['53100', 'unavailable', 'disk_full'],
    ['53300', 'unavailable', 'too_many_connections'],
    ['55P03', 'unavailable', 'lock_not_available'],
    ['57P01', 'unavailable', 'admin_shutdown'],
    ['57P03', 'unavailable', 'cannot_connect_now'],
    ['25006', 'unavailable', 'read_only_sql_transaction, as on a replica after a failover'],
    ['26000', 'unavailable', 'invalid_sql_statement_name, as behind a pooler'],
    ['42P05', 'unavailable', 'duplicate_prepared_statement, as behind a pooler'],
    ['0A000', 'unavailable', 'cached plan must not change result type'],
    ['XX000', 'unavailable', 'internal_error'],
    ['XX001', 'unavailable', 'data_corrupted'],
    ['42704', 'schema_mismatch', 'undefined_object: type "x" does not exist'],
    ['22P05', 'invalid', 'untranslatable_character'],
    ['58030', 'unavailable', 'io_error'],
    ['42P01', 'schema_mismatch', 'undefined_table'],
    ['42703', 'schema_mismatch', 'undefined_column'],
    ['42883', 'schema_mismatch', 'undefined_function'],
    ['22001', 'invalid', 'string_data_right_truncation'],
    ['22P02', 'invalid', 'invalid_text_representation'],
    ['23502', 'invalid', 'not_null_violation'],
    ['23514', 'invalid', 'check_violation'],
    ['42501', 'forbidden', 'insufficient_privilege'],
    ['23505', 'conflict', 'unique_violation'],
    ['23503', 'conflict', 'foreign_key_violation'],
    ['23P01', 'conflict', 'exclusion_violation'],
    ['P0001', 'invalid', 'raise_exception'],
  ])('reads %s as %s (%s)', (sqlState, code) => {
    expect(codeFromSqlState(sqlState)).toBe(code);
  });

  it.each([
    ['25P02', 'in_failed_sql_transaction'],
    ['28P01', 'invalid_password of the server itself'],
    ['3D000', 'invalid_catalog_name'],
    ['42601', 'syntax_error in the server'],
    ['54000', 'program_limit_exceeded'],
    ['P0000', 'plpgsql_error'],
    ['', 'nothing'],
    ['PGRST301', 'a code of PostgREST'],
    ['x23505', 'a code that is not at the beginning'],
  ])('does not know %s, and keeps the write (%s)', (sqlState) => {
    expect(codeFromSqlState(sqlState)).toBe('unknown');
    expect(defaultVerdict(codeFromSqlState(sqlState))).toBe('retry');
  });

  it('rejects for nothing but classes 22 and 23, 42501 and P0001', () => {
    const character = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ');
    const sqlState = fc
      .tuple(character, character, character, character, character)
      .map((all) => all.join(''));
    fc.assert(
      fc.property(sqlState, (state) => {
        const rejects = defaultVerdict(codeFromSqlState(state)) === 'reject';
        expect(rejects).toBe(/^(22...|23...|42501|P0001)$/.test(state));
      }),
      { numRuns: 2000 },
    );
  });
});
