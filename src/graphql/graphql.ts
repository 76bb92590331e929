import { optionChecks } from '../check-options.ts';
import { perEntry } from '../combine/per-entry.ts';
import { packTransactions } from '../contract/pack-transactions.ts';
import type { ErrorCodes } from '../contract/read-results.ts';
import { createHttpClient, type HttpOptions } from '../http/http-client.ts';
import { checkErrorCodes, checkHttpOptions } from '../http/http-options.ts';
import type { Transport, TransportContext } from '../transport/transport.ts';
import { checkMutations, chosenFor, encodeEntry, type Mutations, readByOwnRules } from './entry-mutation.ts';
import { type ReadAnswer, readAnswer } from './graphql-answer.ts';
import { AROUND_TRANSACTIONS, readUpload } from './upload-mutation.ts';

/** Options of {@link graphql}. */
export interface GraphqlOptions extends HttpOptions {
  /** URL of the GraphQL endpoint. */
  readonly url: string;
  /**
   * Mutations for each table and operation, for servers that have such mutations. Each entry is then sent by itself.
   *
   * @default none: up to 50 transactions go into one `uploadTransactions` mutation, whose schema is in the guide
   */
  readonly mutations?: Mutations | undefined;
  /**
   * Only with `mutations`: number of requests that may be sent at the same time, a whole number from 1. With 1, entries
   * are sent in queue order. With more, different rows are written in parallel and out of order, but never two entries
   * of the same row: only for tables that don't refer to each other.
   *
   * @default 1
   */
  readonly concurrency?: number | undefined;
  /**
   * Only without `mutations`: most transactions in one request. Every backend of the contract accepts 50. Raise it only
   * if yours accepts more, and raise the connector's `batching.maxTransactions` too.
   *
   * @default 50
   */
  readonly maxTransactions?: number | undefined;
  /**
   * Only without `mutations`: most bytes of one request body. A single larger transaction is sent anyway. The default
   * is just below the limit of many servers.
   *
   * @default 100_000
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Meaning of your backend's own codes, or another meaning for known ones: `extensions.code` of an error, and
   * `error_code` in a result. An unknown `extensions.code` is `unclassified`: the write is tried at least ten times
   * over ten minutes, then rejected.
   *
   * @default only the codes of common servers and the reference write API are known
   */
  readonly errorCodes?: ErrorCodes | undefined;
}

/** Content types to ask for, the newer one first. */
const ACCEPT = { accept: 'application/graphql-response+json, application/json;q=0.9' };

/**
 * Transport for GraphQL servers: whole transactions in one mutation, or a mutation for each entry.
 *
 * Without `mutations`, a batch is sent as one `uploadTransactions` mutation, which mirrors PowerSync's reference write
 * API and returns one result for each transaction.
 *
 * With `mutations`, each entry is sent by itself, in queue order. A transaction isn't atomic then: if it is rejected,
 * the rejection lists the entries that were applied (`appliedEntries`). A DELETE of a row that is gone (`NOT_FOUND`, or
 * a field that is null) counts as applied.
 *
 * Errors are read by their `extensions.code`. A write counts as applied only if `data` says so and there is no error
 * next to it. If the answer isn't GraphQL (a web page, an empty body), every write stays queued.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { graphql } from 'powersync-backend-connector/graphql';
 *
 * const batches = graphql({ url: 'https://api.example.com/graphql', errorCodes: { APP_TOO_OLD: 'update_required' } });
 *
 * const entryByEntry = graphql({
 *   url: 'https://api.example.com/graphql',
 *   mutations: {
 *     todos: {
 *       PUT: {
 *         mutation: 'mutation ($input: TodoInput!) { putTodo(input: $input) { id } }',
 *         variables: ({ id, opData }, { key }) => ({ input: { ...opData, id, clientMutationId: key } }),
 *       },
 *       PATCH: {
 *         mutation: 'mutation ($id: ID!, $patch: TodoPatch!) { patchTodo(id: $id, patch: $patch) { id } }',
 *         variables: ({ id, opData }) => ({ id, patch: opData ?? {} }),
 *       },
 *       DELETE: {
 *         mutation: 'mutation ($id: ID!) { deleteTodo(id: $id) { id } }',
 *         variables: ({ id }) => ({ id }),
 *       },
 *     },
 *   },
 * });
 * ```
 */
export function graphql(options: GraphqlOptions): Transport {
  const { object, count, noOthers, wrong } = optionChecks('graphql');
  const { url, headers, authorization, fetch, ky, ...own } = object('options', options, 'an object with url');
  const { mutations, concurrency, maxTransactions, maxBodyBytes, errorCodes, ...others } = own;
  noOthers('', others);
  checkHttpOptions('graphql', options);
  checkErrorCodes('graphql', errorCodes);
  if (mutations !== undefined) checkMutations(mutations);
  if (mutations && maxBodyBytes !== undefined)
    wrong('maxBodyBytes', 'absent where mutations are given', maxBodyBytes);
  if (mutations && maxTransactions !== undefined)
    wrong('maxTransactions', 'absent where mutations are given', maxTransactions);
  if (!mutations && concurrency !== undefined) wrong('concurrency', 'absent without mutations', concurrency);
  count('maxTransactions', maxTransactions ?? 1);
  count('maxBodyBytes', maxBodyBytes ?? 1);
  count('concurrency', concurrency ?? 1);

  const client = createHttpClient(url, { headers, authorization, fetch, ky });
  const send = async (body: string, context: TransportContext): Promise<ReadAnswer> =>
    readAnswer(await client({ url, body, headers: ACCEPT }, context));

  const inBatches: Transport = async ({ transactions }, context) => {
    const { body, count } = packTransactions(
      transactions,
      maxBodyBytes ?? 100_000,
      maxTransactions,
      AROUND_TRANSACTIONS,
    );
    const outcomes = readUpload(await send(body, context), count, { errorCodes });
    return transactions.map((_, index) => outcomes[index] ?? { status: 'not_attempted' });
  };
  const entryByEntry = (given: Mutations): Transport =>
    perEntry(
      async (entry, context) => {
        const found = await chosenFor(given, entry);
        const answer = await send(await encodeEntry(found, entry, context.key), context);
        return readByOwnRules(answer, entry, found, { errorCodes });
      },
      { concurrency },
    );
  return Object.assign(mutations ? entryByEntry(mutations) : inBatches, { url });
}
