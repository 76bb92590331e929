import { isObject } from '../contract/json.ts';
import { type ErrorCodes, ownCode } from '../contract/read-results.ts';
import type { UploadErrorCode } from '../error/codes.ts';
import { codeFromSqlState } from '../error/sqlstate.ts';

/** One error of a GraphQL answer. Only `message` is checked; the other members may have any form. */
export interface GraphqlError {
  readonly message: string;
  /** Path to the field that failed; absent if nothing was executed. */
  readonly path?: readonly (string | number)[] | undefined;
  readonly locations?: readonly { readonly line: number; readonly column: number }[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
  /** The kind of error, in answers of AWS AppSync. */
  readonly errorType?: unknown;
}

// Codes of Apollo Server and Router, Yoga, GraphQL Java and Spring, Hasura (lower case), AWS AppSync (with its data
// source
// in front: `DynamoDB:`). The first pattern that matches counts. Patterns for retries are wide, patterns for rejections
// exact.
const CODES: readonly (readonly [RegExp, UploadErrorCode])[] = [
  // Some servers say UNAUTHORIZED for FORBIDDEN. Read as a refused token, it at least rejects nothing.
  [
    /^(UNAUTHENTICATED|UNAUTHORIZED|access-denied|invalid-jwt|jwt-.+|UnauthorizedException)$/,
    'unauthenticated',
  ],
  [/TIMEOUT$|^ExecutionTimeout/, 'timeout'],
  [
    /RATE_LIMIT|TOO_MANY_REQUESTS|THROTTLED|TooManyRequests|LimitExceeded|Throttling|ThroughputExceeded/,
    'throttled',
  ],
  [
    /^(INTERNAL|DOWNSTREAM|SUBREQUEST)_|UNAVAILABLE$|^(unexpected$|postgres-|concurrent-)|ServiceUnavailable|InternalFailure|InternalServerError|TransactionConflict/,
    'unavailable',
  ],
  [/^(GRAPHQL_PARSE_|InvalidSyntax|OPERATION_RESOLUTION_|PERSISTED_QUERY_|BAD_REQUEST$)/, 'misconfigured'],
  [/^(bad-request|invalid-headers|constraint-error|not-supported)$/, 'misconfigured'],
  [/^(GRAPHQL_VALIDATION_FAILED|ValidationError|validation-failed)$/, 'schema_mismatch'],
  [/^(FORBIDDEN|permission-(denied|error)|Unauthorized)$/, 'forbidden'],
  [/^(BAD_USER_INPUT|data-exception|parse-failed)$/, 'invalid'],
  [
    /^(CONFLICT|constraint-violation|(\w+:)?(ConditionalCheckFailed|ConflictUnhandled)(Exception)?)$/,
    'conflict',
  ],
  [/^NOT_FOUND$/, 'not_found'],
];

/** Five characters, at least one of them a digit: words such as QUOTA are codes of an app. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;

const FROM_DATABASE = /^(constraint-violation|data-exception|permission-error)$/;

/** The words of a server for the kind of error: `code`, or the members that other servers use instead. */
export function codesIn(error: GraphqlError): string[] {
  const extensions = isObject(error.extensions) ? error.extensions : {};
  const { code, errcode, exception, errorType, classification } = extensions;
  // `exception`: PostGraphile 4.
  const inException = isObject(exception) && exception.errcode;
  const words = [code, errcode, inException, errorType, classification, error.errorType];
  return words.filter((word) => typeof word === 'string');
}

/** The meaning of an error's code; undefined if it has no known code. */
export function codeOf(error: GraphqlError, errorCodes: ErrorCodes = {}): UploadErrorCode | undefined {
  const words = codesIn(error);
  const own = words.find((word) => ownCode(errorCodes, word));
  return own === undefined ? words.map(known).find(Boolean) : ownCode(errorCodes, own);
}

function known(word: string): UploadErrorCode | undefined {
  return SQLSTATE.test(word) ? codeFromSqlState(word) : CODES.find(([pattern]) => pattern.test(word))?.[1];
}

/** Whether it is the error of a field. If not, nothing was executed. */
export function isOfField({ path }: GraphqlError): boolean {
  return Array.isArray(path) && path.length > 0;
}

/** Whether the code is a database's, about the values to write: any SQLSTATE, and some of Hasura's. */
export function isFromDatabase(error: GraphqlError): boolean {
  return codesIn(error).some((word) => SQLSTATE.test(word) || FROM_DATABASE.test(word));
}
