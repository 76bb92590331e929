import { optionChecks } from '../check-options.ts';
import { isObject } from '../contract/json.ts';
import { json } from './mock/answers.ts';
import { createMockBackend } from './mock/backend.ts';
import type { Executed, MockAnswer, MockContract, MockResult, MockTransaction } from './mock/contract.ts';
import type { MockResultsBackend } from './mock/mock.ts';
import { resolveMockOptions, type TransactionalMockOptions } from './mock/options.ts';
import { readTransactions, writeResult } from './mock/write-contract.ts';

/** A GraphQL operation: the argument of the option `read` of {@link mockGraphql}. */
export interface MockGraphqlOperation {
  /** The GraphQL document. */
  readonly query: string;
  /** Response name of the first field, such as `putTodo` in `mutation ($id: ID!) { putTodo(id: $id) { id } }`. */
  readonly field: string;
  /** The variables of the operation. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the app's own mutations take.
  readonly variables: any;
}

/** Options of {@link mockGraphql}. */
export interface MockGraphqlOptions extends TransactionalMockOptions {
  /**
   * Reads your own mutations, for transports with the option `mutations`. Return the transaction that the operation
   * writes, or undefined if the server doesn't know the operation.
   *
   * @default reads the `uploadTransactions` mutation
   */
  readonly read?: ((operation: MockGraphqlOperation) => MockTransaction | undefined) | undefined;
}

/**
 * A mock of a GraphQL server, for `graphql()`, with the `uploadTransactions` mutation or with your own mutations. It
 * answers your own mutations with the row's id. A refusal is a GraphQL error with the code in its `extensions`.
 *
 * @throws TypeError if an option is missing, misspelt or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { mockGraphql } from 'powersync-backend-connector/testing';
 *
 * const batches = mockGraphql({ url: 'https://api.example.com/graphql' });
 *
 * const entryByEntry = mockGraphql({
 *   url: 'https://api.example.com/graphql',
 *   read: ({ field, variables: { input, id } }) => {
 *     if (field === 'putTodo') return { entries: [{ op: 'PUT', table: 'todos', id: input.id, opData: input }] };
 *     if (field === 'deleteTodo') return { entries: [{ op: 'DELETE', table: 'todos', id }] };
 *   },
 * });
 *
 * entryByEntry.rejectNext('CONFLICT');
 * ```
 */
export function mockGraphql(options: MockGraphqlOptions): MockResultsBackend {
  const { read, ...others } = options;
  if (read !== undefined) optionChecks('mockGraphql').fn('read', read);
  const contract: MockContract = {
    who: 'mockGraphql',
    unit: 'transaction',
    refusal: (status, message) => json(status, { errors: [{ message }] }),
    read({ method, body }) {
      if (method !== 'POST') return refused(405, 'Use POST');
      const operation = operationIn(body);
      if (!operation) return refused(400, 'The body has no query', 'BAD_REQUEST');
      const found = read ? one(read(operation)) : readUpload(operation);
      return typeof found === 'string' ? refused(200, found, 'BAD_USER_INPUT') : found;
    },
    answer: read ? answerField : ({ results }) => json(200, { data: { [FIELD]: results.map(withNulls) } }),
    miscount: read
      ? () => json(200, { data: {} })
      : ({ results }) => json(200, { data: { [FIELD]: results.slice(1).map(withNulls) } }),
  };
  return createMockBackend(contract, resolveMockOptions(contract.who, others));
}

const FIELD = 'uploadTransactions';

function refused(status: number, message: string, code?: string): MockAnswer {
  return json(status, { errors: [{ message, ...(code !== undefined && { extensions: { code } }) }] });
}

function operationIn(body: unknown): MockGraphqlOperation | undefined {
  const { query, variables } = isObject(body) ? body : {};
  if (typeof query !== 'string') return undefined;
  return { query, field: /\{\s*(\w+)/.exec(query)?.[1] ?? '', variables: variables ?? {} };
}

function one(transaction: MockTransaction | undefined): readonly MockTransaction[] | string {
  return transaction ? [transaction] : 'There is no such mutation';
}

function readUpload({ field, variables }: MockGraphqlOperation): readonly MockTransaction[] | string {
  if (field !== FIELD) return 'There is no such mutation';
  return readTransactions(isObject(variables) ? variables.transactions : undefined);
}

/** Adds nulls, because GraphQL answers with every field of the query. */
function withNulls(result: MockResult): object {
  const { failed_operation: failed, ...others } = JSON.parse(JSON.stringify(writeResult(result)));
  return {
    message: null,
    retry_after_ms: null,
    requires_client_handling: null,
    ...others,
    failed_operation: failed ? { message: null, details: null, operation_index: null, ...failed } : null,
  };
}

function answerField({ request, transactions: [transaction], results: [result] }: Executed): MockAnswer {
  const field = operationIn(request.body)?.field ?? '';
  if (result?.status === 'applied')
    return json(200, { data: { [field]: { id: transaction?.entries[0]?.id } } });
  const { code, message, details } =
    result?.status === 'rejected'
      ? result.rejection
      : { code: 'SERVICE_UNAVAILABLE', message: 'Try again.', details: undefined };
  const error = { message, path: [field], extensions: { code, details } };
  return json(200, { data: { [field]: null }, errors: [error] });
}
