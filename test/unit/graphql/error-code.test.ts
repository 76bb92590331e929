import type { UploadErrorCode } from 'powersync-backend-connector';
import { describe, expect, it } from 'vitest';
import { codeOf, codesIn, isFromDatabase, isOfField } from '../../../src/graphql/error-code.ts';

const coded = (code: unknown) => ({ message: 'no', extensions: { code } });

describe('what extensions.code means', () => {
  it.each<[UploadErrorCode | undefined, string]>([
    // Apollo Server, Apollo Router, Yoga
    ['unauthenticated', 'UNAUTHENTICATED'],
    ['unauthenticated', 'UNAUTHORIZED'],
    ['forbidden', 'FORBIDDEN'],
    ['invalid', 'BAD_USER_INPUT'],
    ['not_found', 'NOT_FOUND'],
    ['conflict', 'CONFLICT'],
    ['schema_mismatch', 'GRAPHQL_VALIDATION_FAILED'],
    ['misconfigured', 'GRAPHQL_PARSE_FAILED'],
    ['misconfigured', 'OPERATION_RESOLUTION_FAILURE'],
    ['misconfigured', 'PERSISTED_QUERY_NOT_FOUND'],
    ['misconfigured', 'PERSISTED_QUERY_NOT_SUPPORTED'],
    ['misconfigured', 'PERSISTED_QUERY_ONLY'],
    ['misconfigured', 'BAD_REQUEST'],
    ['unavailable', 'INTERNAL_SERVER_ERROR'],
    ['unavailable', 'SERVICE_UNAVAILABLE'],
    ['unavailable', 'DOWNSTREAM_SERVICE_ERROR'],
    ['unavailable', 'SUBREQUEST_HTTP_ERROR'],
    ['timeout', 'GATEWAY_TIMEOUT'],
    ['timeout', 'REQUEST_TIMEOUT'],
    ['throttled', 'RATE_LIMITED'],
    ['throttled', 'REQUEST_RATE_LIMITED'],
    ['throttled', 'RATE_LIMIT_EXCEEDED'],
    ['throttled', 'TOO_MANY_REQUESTS'],
    ['throttled', 'THROTTLED'],
    // Hasura
    ['conflict', 'constraint-violation'],
    ['forbidden', 'permission-error'],
    ['forbidden', 'permission-denied'],
    ['schema_mismatch', 'validation-failed'],
    ['invalid', 'data-exception'],
    ['invalid', 'parse-failed'],
    ['unauthenticated', 'invalid-jwt'],
    ['unauthenticated', 'jwt-invalid-claims'],
    ['unauthenticated', 'jwt-missing-role-claims'],
    ['unauthenticated', 'access-denied'],
    ['misconfigured', 'constraint-error'],
    ['misconfigured', 'invalid-headers'],
    ['unavailable', 'unexpected'],
    ['unavailable', 'postgres-error'],
    ['unavailable', 'postgres-max-connections-error'],
    ['unavailable', 'concurrent-update'],
    // SQLSTATE
    ['conflict', '23505'],
    ['conflict', '23503'],
    ['invalid', '23502'],
    ['invalid', '22P02'],
    ['forbidden', '42501'],
    ['schema_mismatch', '42P01'],
    ['timeout', '57014'],
    ['unavailable', '40P01'],
    ['invalid', 'P0001'],
    ['unavailable', 'XX000'],
    // Words of an app's own
    [undefined, 'QUOTA'],
    [undefined, 'LIST_IS_FULL'],
    [undefined, 'not_found'],
    [undefined, 'NOT_FOUND_AT_ALL'],
    [undefined, 'MY_FORBIDDEN'],
    [undefined, '2350'],
    [undefined, '235050'],
    [undefined, '__proto__'],
    [undefined, 'constructor'],
    [undefined, ''],
  ])('%s: %s', (expected, code) => {
    expect(codeOf(coded(code))).toBe(expected);
  });

  it.each([[undefined], [null], [7], [['FORBIDDEN']], [{ code: 'FORBIDDEN' }]])('%j is no code', (code) => {
    expect(codeOf(coded(code))).toBeUndefined();
  });

  it.each([[undefined], [null], ['FORBIDDEN'], [[{ code: 'FORBIDDEN' }]]])(
    'extensions that are %j hold none',
    (extensions) => {
      expect(codesIn({ message: 'no', extensions: extensions as never })).toEqual([]);
    },
  );
});

describe('codes in other places', () => {
  it.each<[string, UploadErrorCode, object]>([
    ['PostGraphile with errcode', 'conflict', { errcode: '23505' }],
    ['PostGraphile 4 with extended errors', 'conflict', { exception: { errcode: '23505' } }],
    ['Spring for GraphQL', 'unavailable', { classification: 'INTERNAL_ERROR' }],
    ['GraphQL Java', 'schema_mismatch', { classification: 'ValidationError' }],
    ['DGS', 'not_found', { errorType: 'NOT_FOUND' }],
    ['a known word behind an unknown one', 'conflict', { code: 'TITLE_TAKEN', errcode: '23505' }],
  ])('%s', (_, expected, extensions) => {
    expect(codeOf({ message: 'no', extensions: extensions as never })).toBe(expected);
  });
});

describe('codes of the app', () => {
  it('are known by their name', () => {
    expect(codeOf(coded('APP_TOO_OLD'), { APP_TOO_OLD: 'update_required' })).toBe('update_required');
  });

  it('come before those that are known, wherever they stand', () => {
    expect(codeOf(coded('INTERNAL_SERVER_ERROR'), { INTERNAL_SERVER_ERROR: 'unclassified' })).toBe(
      'unclassified',
    );
    const both = { message: 'no', extensions: { code: 'INTERNAL_SERVER_ERROR', errcode: '23505' } };
    expect(codeOf(both, { '23505': 'invalid' })).toBe('invalid');
  });

  it('have no inherited names', () => {
    expect(codeOf(coded('toString'), {})).toBeUndefined();
  });
});

describe('what an error is of', () => {
  it.each<[boolean, unknown]>([
    [true, ['uploadTransactions']],
    [true, ['uploadTransactions', 0, 'status']],
    [false, []],
    [false, undefined],
    [false, null],
    [false, '$.selectionSet.insert_todos_one'],
  ])('%s: a field at %j', (expected, path) => {
    expect(isOfField({ message: 'no', path: path as never })).toBe(expected);
  });

  it.each<[boolean, string]>([
    [true, 'constraint-violation'],
    [true, 'data-exception'],
    [true, 'permission-error'],
    [true, '23505'],
    [false, 'validation-failed'],
    [false, 'parse-failed'],
    [false, 'BAD_USER_INPUT'],
    [false, 'FORBIDDEN'],
  ])('%s: %s comes from the database', (expected, code) => {
    expect(isFromDatabase(coded(code))).toBe(expected);
  });
});

describe('AWS AppSync, which has its word beside the extensions', () => {
  it.each([
    ['Unauthorized', 'forbidden'],
    ['UnauthorizedException', 'unauthenticated'],
    ['DynamoDB:ConditionalCheckFailedException', 'conflict'],
    ['ConflictUnhandled', 'conflict'],
    ['DynamoDB:ProvisionedThroughputExceededException', 'throttled'],
    ['TooManyRequestsException', 'throttled'],
    ['ExecutionTimeout', 'timeout'],
    ['ServiceUnavailableException', 'unavailable'],
    ['ValidationError', 'schema_mismatch'],
    ['Lambda:Unhandled', undefined],
    ['MappingTemplate', undefined],
  ])('%s: %s', (errorType, expected) => {
    expect(codeOf({ message: 'words', errorType })).toBe(expected);
    expect(codesIn({ message: 'words', errorType })).toEqual([errorType]);
  });

  it('may be given a meaning by the app', () => {
    expect(
      codeOf({ message: 'words', errorType: 'Lambda:Unhandled' }, { 'Lambda:Unhandled': 'invalid' }),
    ).toBe('invalid');
  });
});
