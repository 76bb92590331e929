import { optionChecks } from '../check-options.ts';
import { notTheContract, refusalOf } from '../contract/http-answer.ts';
import { isObject, parseJson } from '../contract/json.ts';
import { encodeTransaction, packTransactions } from '../contract/pack-transactions.ts';
import { type ErrorCodes, readResultList, refusalByCode } from '../contract/read-results.ts';
import { UploadError } from '../error/upload-error.ts';
import { checkErrorCodes } from '../http/http-options.ts';
import { type AnswerBody, readBody } from '../http/read-body.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport, TransportContext } from '../transport/transport.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { userToken } from './send-request.ts';
import { type ClientFetch, redirectRefused, unredirected, wasRedirected } from './unredirected.ts';

/** The part of a `SupabaseClient` that {@link edgeFunction} uses. */
export interface FunctionsClientLike {
  readonly functions: {
    // biome-ignore lint/suspicious/noExplicitAny: the client's own types need the DOM library; these must not.
    invoke(name: string, options?: any): PromiseLike<any>;
  };
}

/** Options of {@link edgeFunction}. */
export interface EdgeFunctionOptions {
  /** A `SupabaseClient` of supabase-js. */
  readonly client: FunctionsClientLike;
  /** Name of the Edge Function. */
  readonly name: string;
  /**
   * True for a function that gets one transaction in each call, `{ crud, transaction_id, idempotency_key }`, and
   * answers with one result instead of a list. False for the reference write API.
   *
   * @default false
   */
  readonly oneTransaction?: boolean | undefined;
  /**
   * Most transactions in one call. Every backend of the contract accepts 50. Raise it only if yours accepts more, and
   * raise the connector's `batching.maxTransactions` too.
   *
   * @default 50
   */
  readonly maxTransactions?: number | undefined;
  /**
   * Most bytes of one request body. A single larger transaction is sent anyway.
   *
   * @default 100_000
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Meaning of your backend's own `error_code` values, or another meaning for known ones.
   *
   * @default every code that the contract doesn't name is `invalid`
   */
  readonly errorCodes?: ErrorCodes | undefined;
}

/**
 * Transport for a Supabase Edge Function that implements PowerSync's reference write API.
 *
 * The function is called with the token of the connector's `credentials`, never with the anonymous key. Its answer is
 * read strictly: if it isn't in the form of the contract, every write stays queued.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { createClient } from '@supabase/supabase-js';
 * import { edgeFunction } from 'powersync-backend-connector/supabase';
 *
 * const client = createClient('https://example.supabase.co', 'sb_publishable_key');
 *
 * export const transport = edgeFunction({ client, name: 'powersync-upload' });
 * ```
 */
export function edgeFunction(options: EdgeFunctionOptions): Transport {
  const { wrong, object, fn, count, noOthers } = optionChecks('edgeFunction');
  const {
    client,
    name,
    oneTransaction = false,
    errorCodes,
    ...bounds
  } = object('options', options, 'an object with client');
  const { maxTransactions = 50, maxBodyBytes = 100_000, ...others } = bounds;
  noOthers('', others);
  fn('client.functions.invoke', object('client', client).functions?.invoke);
  if (typeof name !== 'string' || name === '') wrong('name', 'the name of a function', name);
  if (typeof oneTransaction !== 'boolean') wrong('oneTransaction', 'true or false', oneTransaction);
  count('maxTransactions', maxTransactions);
  count('maxBodyBytes', maxBodyBytes);
  checkErrorCodes('edgeFunction', errorCodes);

  const call = async (body: object, count: number, context: TransportContext): Promise<Outcome[]> => {
    const data = await invoke(client, name, body, context, errorCodes);
    const answer: Record<string, unknown> = isObject(data) ? data : {};
    const isOne = oneTransaction && !Object.hasOwn(answer, 'results');
    // The published function of this kind doesn't send `requires_client_handling`.
    const results = isOne ? [{ requires_client_handling: false, ...answer }] : answer.results;
    return readResultList(results, count, undefined, errorCodes);
  };
  if (oneTransaction) {
    return ({ transactions }, context) =>
      oneAtATime(transactions, async (transaction) => {
        const body = encodeTransaction(transaction);
        const crud = transaction.entries.map(({ clientId }, index) => ({
          client_id: clientId,
          ...body.crud[index],
        }));
        return (await call({ ...body, crud }, 1, context))[0] as Outcome;
      });
  }
  return async ({ transactions }, context) => {
    const { count } = packTransactions(transactions, maxBodyBytes, maxTransactions);
    // As an object: older clients send no body if they get a text and its content type.
    const body = { transactions: transactions.slice(0, count).map(encodeTransaction) };
    const outcomes = await call(body, count, context);
    return transactions.map((_, index) => outcomes[index] ?? { status: 'not_attempted' });
  };
}

async function invoke(
  { functions }: FunctionsClientLike,
  name: string,
  body: object,
  context: TransportContext,
  errorCodes?: ErrorCodes,
): Promise<unknown> {
  const headers = { Authorization: `Bearer ${await userToken(context)}` };
  const { data, error, response } = await guarded(functions).invoke(name, {
    body,
    headers,
    signal: context.signal,
  });
  if (error) throw await failureOf(error, errorCodes);
  if (response && wasRedirected(response)) throw redirectRefused(response.status);
  return typeof data === 'string' ? parseJson(data) : data; // JSON without its content type
}

/** A copy of the client with a `fetch` that follows no redirect. The app's client isn't changed. */
function guarded(functions: FunctionsClientLike['functions']): FunctionsClientLike['functions'] {
  const { fetch } = functions as { fetch?: ClientFetch };
  if (typeof fetch !== 'function') return functions;
  return Object.create(functions, { fetch: { value: unredirected(fetch.bind(functions)) } });
}

/** Reads the client's error, by name and not by class: the app may have another copy of the client. */
async function failureOf(
  error: { readonly name?: string; readonly context?: unknown },
  errorCodes?: ErrorCodes,
): Promise<UploadError> {
  switch (error.name) {
    case 'FunctionsHttpError': {
      const response = error.context as AnswerBody;
      const text = await readBody(response, 'The function');
      const answer = { status: response.status, headers: response.headers, text };
      return refusalByCode(answer, parseJson(text), errorCodes) ?? refusalOf(answer);
    }
    case 'FunctionsRelayError':
      return new UploadError(
        'unavailable',
        'The Edge Function could not be reached. The writes stay queued.',
      );
    case 'FunctionsFetchError':
      return UploadError.from(error.context);
    case 'SyntaxError':
      return notTheContract(undefined, 'not JSON'); // Its message quotes the answer, so it is dropped.
    default:
      return UploadError.from(error);
  }
}
