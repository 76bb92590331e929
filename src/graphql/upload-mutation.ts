import { isObject } from '../contract/json.ts';
import type { Wrapping } from '../contract/pack-transactions.ts';
import { readResultList } from '../contract/read-results.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Outcome } from '../transport/outcome.ts';
import { type GraphqlError, isOfField } from './error-code.ts';
import { failureIn, type ReadAnswer, type Reading, withErrorInside } from './graphql-answer.ts';

const FIELD = 'uploadTransactions';

/**
 * The document that `graphql()` sends where no `mutations` are given: for servers that only take operations they know
 * (persisted or trusted documents). The guide has the schema it is for.
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

/** What stands around the transactions in the body of a request. */
export const AROUND_TRANSACTIONS: Wrapping = [
  `{"query":${JSON.stringify(UPLOAD_MUTATION)},"variables":{"transactions":[`,
  ']}}',
];

/** The outcomes of `count` transactions. Throws an `UploadError` where the answer says nothing of them. */
export function readUpload(answer: ReadAnswer, count: number, reading: Reading): Outcome[] {
  const { data, errors, head } = answer;
  const results: unknown = data?.[FIELD];
  const list = Array.isArray(results) ? (results as unknown[]) : undefined;
  const byIndex = errorsByIndex(errors, count);
  if (errors.length > 0 && !(byIndex && list)) return [refusedWhole(answer, count, reading, list)];
  // What an error leads to has no result of its own: anything readable holds its place.
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

/** Errors by the transaction their path leads to; undefined when one of them leads to none. */
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

/** A refusal of the whole request: thrown, so that the core bisects, unless there is nothing to bisect. */
function refusedWhole(
  { errors, head }: ReadAnswer,
  count: number,
  reading: Reading,
  results: readonly unknown[] = [],
): Outcome {
  const failure = failureIn(errors, head, reading, false);
  const { code } = failure.error;
  if (errors.every(isOfDocument) && (code === 'invalid' || code === 'unclassified')) {
    const message = "The upload mutation doesn't fit the schema of the backend: the app may be newer.";
    throw new UploadError('schema_mismatch', message, { status: head.status });
  }
  if (failure.status === 'retry') throw failure.error;
  // Some may be applied, so a refusal that leads to none of them must not reject any.
  if (results.some((each) => each !== null)) throw withErrorInside(head);
  if (count > 1) throw failure.error;
  return failure;
}

/**
 * Whether the request failed before its execution, at a place in the document. That document and the types of its
 * variables are those of the contract, and columns are plain JSON in it, so it is the schema that differs.
 */
function isOfDocument(error: GraphqlError): boolean {
  return !isOfField(error) && Array.isArray(error.locations) && error.locations.length > 0;
}

/** A result as the contract has it: members that don't apply are absent there, and null in GraphQL. */
function present(value: unknown): unknown {
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(
    members.map(([name, member]) => [name, name === 'failed_operation' ? present(member) : member]),
  );
}
