import { isObject } from '../contract/json.ts';
import type { Wrapping } from '../contract/pack-transactions.ts';
import { readResultList } from '../contract/read-results.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Outcome } from '../transport/outcome.ts';
import { type GraphqlError, isOfField } from './error-code.ts';
import { failureIn, type ReadAnswer, type Reading, withErrorInside } from './graphql-answer.ts';

const FIELD = 'uploadTransactions';

/**
 * The document that `graphql()` sends without `mutations`. Register it with servers that accept only known operations
 * (persisted or trusted documents). The guide has the schema that it needs.
 *
 * @example
 * ```ts
 * import { UPLOAD_MUTATION } from 'powersync-backend-connector/graphql';
 *
 * console.log(JSON.stringify({ UploadTransactions: UPLOAD_MUTATION }));
 * ```
 */
export const UPLOAD_MUTATION =
  'mutation UploadTransactions($transactions: [UploadedTransaction!]!) { ' +
  `${FIELD}(transactions: $transactions) { status message retry_after_ms requires_client_handling ` +
  'failed_operation { error_code message details operation_index } } }';

/** JSON text before and behind the transactions in a request body. */
export const AROUND_TRANSACTIONS: Wrapping = [
  `{"query":${JSON.stringify(UPLOAD_MUTATION)},"variables":{"transactions":[`,
  ']}}',
];

/** Reads the outcomes of `count` transactions. Throws an `UploadError` if the answer has no result for each of them. */
export function readUpload(answer: ReadAnswer, count: number, reading: Reading): Outcome[] {
  const { data, errors, head } = answer;
  const results: unknown = data?.[FIELD];
  const list = Array.isArray(results) ? (results as unknown[]) : undefined;
  const byIndex = errorsByIndex(errors, count);
  if (errors.length > 0 && !(byIndex && list)) return [refusedWhole(answer, count, reading, list)];
  // A transaction with an error has no result. Any readable result fills its place.
  const readable = list?.map((result, index) =>
    byIndex?.has(index) ? { status: 'success' } : present(result),
  );
  return readResultList(readable, count, head.status, reading.errorCodes).map((outcome, index) => {
    const own = byIndex?.get(index);
    if (!own) return outcome;
    return list?.[index] === null
      ? failureIn(own, head, reading, true)
      : { status: 'retry', error: withErrorInside(head) };
  });
}

/** Errors by the index of their transaction, read from the path; undefined if one of them belongs to none. */
function errorsByIndex(
  errors: readonly GraphqlError[],
  count: number,
): ReadonlyMap<number, readonly GraphqlError[]> | undefined {
  const byIndex = new Map<number, GraphqlError[]>();
  for (const error of errors) {
    const [field, index] = Array.isArray(error.path) ? error.path : [];
    if (field !== FIELD || !Number.isInteger(index) || index < 0 || index >= count) return undefined;
    byIndex.set(index, [...(byIndex.get(index) ?? []), error]);
  }
  return byIndex;
}

/** A refusal of the whole request. Thrown, so that the batch is bisected; returned if there is only one transaction. */
function refusedWhole(
  { errors, head }: ReadAnswer,
  count: number,
  reading: Reading,
  results: readonly unknown[] = [],
): Outcome {
  const failure = failureIn(errors, head, reading, false);
  const { code } = failure.error;
  if (errors.every(isOfDocument) && (code === 'invalid' || code === 'unclassified')) {
    const message =
      "The upload mutation doesn't match the backend's schema: the app may be newer. The writes are held.";
    throw new UploadError('schema_mismatch', message, { status: head.status });
  }
  if (failure.status === 'retry') throw failure.error;
  // Some may have been applied, so a refusal that names none of them must not reject any.
  if (results.some((each) => each !== null)) throw withErrorInside(head);
  if (count > 1) throw failure.error;
  return failure;
}

/**
 * Whether the request failed before its execution, at a place in the document. Document and variables have the types of
 * the contract, with columns as plain JSON. So the schema of the server must be different.
 */
function isOfDocument(error: GraphqlError): boolean {
  return !isOfField(error) && Array.isArray(error.locations) && error.locations.length > 0;
}

/** A result in the form of the contract, which leaves out members that GraphQL sends as null. */
function present(value: unknown): unknown {
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(
    members.map(([name, member]) => [name, name === 'failed_operation' ? present(member) : member]),
  );
}
