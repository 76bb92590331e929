import { isObject } from '../contract/json.ts';
import { type ErrorCodes, ownCode } from '../contract/read-results.ts';
import type { UploadErrorCode } from '../error/codes.ts';
import { codeFromSqlState } from '../error/sqlstate.ts';

/** One member of `errors` in an answer. Only `message` is sure to be there, in whatever form the rest may come. */
export interface GraphqlError {
  readonly message: string;
  /** Leads to the field that failed; absent where nothing was executed. */
  readonly path?: readonly (string | number)[] | undefined;
  readonly locations?: readonly { readonly line: number; readonly column: number }[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
  /** AWS AppSync has its word for the kind of error here. */
  readonly errorType?: unknown;
}

// Apollo Server and Router, Yoga, GraphQL Java and Spring, Hasura (in small letters), AWS AppSync (with its data source in
// front: `DynamoDB:`). The first pattern that fits decides.
// Patterns for what is retried are wide, those for what is rejected exact.
const CODES: readonly (readonly [RegExp, UploadErrorCode])[] = [
  // Some servers mean FORBIDDEN by UNAUTHORIZED: taken for a matter of the token, it at least rejects nothing.
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

/** Five characters, one of them a digit: words such as QUOTA are an app's own. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;

const FROM_DATABASE = /^(constraint-violation|data-exception|permission-error)$/;

/** The words in which a server says what kind of error it is: `code`, or what other servers have in its place. */
export function codesIn(error: GraphqlError): string[] {
  const extensions = isObject(error.extensions) ? error.extensions : {};
  const { code, errcode, exception, errorType, classification } = extensions;
  // `exception`: PostGraphile 4.
  const inException = isObject(exception) && exception.errcode;
  const words = [code, errcode, inException, errorType, classification, error.errorType];
  return words.filter((word) => typeof word === 'string');
}

/** What an error means by its code; undefined where it has none that is known. */
export function codeOf(error: GraphqlError, errorCodes: ErrorCodes = {}): UploadErrorCode | undefined {
  const words = codesIn(error);
  const own = words.find((word) => ownCode(errorCodes, word));
  return own === undefined ? words.map(known).find(Boolean) : ownCode(errorCodes, own);
}

function known(word: string): UploadErrorCode | undefined {
  return SQLSTATE.test(word) ? codeFromSqlState(word) : CODES.find(([pattern]) => pattern.test(word))?.[1];
}

/** Whether it is the error of a field, and not one that came before anything was executed. */
export function isOfField({ path }: GraphqlError): boolean {
  return Array.isArray(path) && path.length > 0;
}

/** Codes that only a database gives, about the values it was to write: any SQLSTATE, and Hasura's. */
export function isFromDatabase(error: GraphqlError): boolean {
  return codesIn(error).some((word) => SQLSTATE.test(word) || FROM_DATABASE.test(word));
}
