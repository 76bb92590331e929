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
  /** Where the server takes operations. */
  readonly url: string;
  /**
   * A mutation per table and op, each sent by itself, for servers that have such mutations. Default: none; then up to 50
   * transactions go into one `uploadTransactions` mutation, whose schema is in the guide.
   */
  readonly mutations?: Mutations | undefined;
  /**
   * Only with `mutations`: requests under way at once. Default 1: everything in the order of the queue. With more, rows
   * are written in parallel, but never two entries of one row: only for tables that don't refer to each other.
   */
  readonly concurrency?: number | undefined;
  /**
   * Only without `mutations`: the most transactions in a request. Default 50, which every backend of the contract takes;
   * more only where yours does, together with the connector's `batching.maxTransactions`.
   */
  readonly maxTransactions?: number | undefined;
  /**
   * Only without `mutations`: the most bytes of one request body. Default 100 000, just under what many servers take; a
   * single larger transaction is sent all the same.
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * What error codes of your own mean, or another meaning for known ones: `extensions.code` of an error, and `error_code`
   * in a result. Default for an `extensions.code` that isn't known: `unclassified`, which is retried, and rejected after
   * ten tries over ten minutes or more.
   */
  readonly errorCodes?: ErrorCodes | undefined;
}

/** What the server should answer in, the newer form first. */
const ACCEPT = { accept: 'application/graphql-response+json, application/json;q=0.9' };

/**
 * The upload transport for GraphQL servers: whole transactions in one mutation, or a mutation for each entry.
 *
 * Without `mutations`, a batch is sent as one `uploadTransactions` mutation that mirrors PowerSync's reference write API,
 * and answered by one result for each transaction. With `mutations`, each entry is sent by itself, in order; a transaction
 * isn't atomic then, and what was applied of one that is rejected is told (`appliedEntries`). A DELETE of a row that is
 * gone (`NOT_FOUND`, or a field that is null) counts as applied.
 *
 * Errors are read by their `extensions.code`, and a write counts as applied only where `data` says so and no error is
 * beside it. An answer that isn't GraphQL (a web page, an empty body) says nothing, and every write is kept.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
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
  const { url, headers, authorization, fetch, ky, ...own } = options;
  const { mutations, concurrency, maxTransactions, maxBodyBytes, errorCodes, ...others } = own;
  const { count, noOthers, wrong } = optionChecks('graphql');
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
