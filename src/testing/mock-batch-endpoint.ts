import { optionChecks } from '../check-options.ts';
import { isObject } from '../contract/json.ts';
import { json, message } from './mock/answers.ts';
import { createMockBackend } from './mock/backend.ts';
import type { Executed, MockAnswer, MockContract, MockEntry, MockTransaction } from './mock/contract.ts';
import type { MockBackend, RejectNextOptions } from './mock/mock.ts';
import { resolveMockOptions, type TransactionalMockOptions } from './mock/options.ts';

/** Options of {@link mockBatchEndpoint}. */
export interface MockBatchEndpointOptions extends TransactionalMockOptions {
  /**
   * HTTP method that the mock answers.
   *
   * @default 'POST'
   */
  readonly method?: string | undefined;
  /**
   * Reads the body of a request, for transports with their own `encode`. Return undefined if the body isn't in the form
   * of your contract: the mock then answers 400.
   *
   * @default reads the form of `batchEndpoint()`
   */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the app's own `encode` made.
  readonly read?: ((body: any) => readonly MockTransaction[] | undefined) | undefined;
  /**
   * Makes the body of the answer to a request that was applied.
   *
   * @default `{ success: true, processed: <number of entries> }`
   */
  readonly answer?: ((transactions: readonly MockTransaction[]) => unknown) | undefined;
}

/** What {@link mockBatchEndpoint} returns. */
export interface MockBatchEndpoint extends MockBackend {
  /**
   * Refuses the next request as a whole: `{ success: false, error: { code, message, index, details } }`.
   *
   * @param code A code of your backend, or a SQLSTATE.
   */
  rejectNext(
    code: string,
    options?: RejectNextOptions & {
      /**
       * HTTP status of the refusal. With 200, only the body says that the request was refused.
       *
       * @default 200
       */
      readonly status?: number | undefined;
    },
  ): void;
  /** Applies the next request, and leaves one of the `results` out of the answer. */
  wrongCount(): void;
}

/**
 * A mock of a backend with one JSON endpoint, for `batchEndpoint()`. It applies a request as a whole, in one database
 * transaction, unless `atomic` is false.
 *
 * @throws TypeError if an option is missing, misspelt or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { batchEndpoint } from 'powersync-backend-connector/http';
 * import { mockBatchEndpoint } from 'powersync-backend-connector/testing';
 *
 * const api = mockBatchEndpoint({ url: 'https://api.example.com/sync' });
 * const transport = batchEndpoint({ url: api.url, fetch: api.fetch });
 *
 * api.rejectNext('23505', { status: 409 });
 * ```
 */
export function mockBatchEndpoint(options: MockBatchEndpointOptions): MockBatchEndpoint {
  const { method = 'POST', read = readBatch, answer = applied, ...others } = options;
  const { wrong, fn } = optionChecks('mockBatchEndpoint');
  if (typeof method !== 'string') wrong('method', 'an HTTP method', method);
  fn('read', read);
  fn('answer', answer);
  const contract: MockContract = {
    who: 'mockBatchEndpoint',
    unit: 'request',
    refusal: message,
    read(request) {
      if (request.method !== method.toUpperCase()) return message(404, `Cannot ${request.method} here`);
      if (request.body === undefined) return message(400, 'The body is not JSON');
      const transactions = read(request.body);
      if (!transactions) return message(400, 'The body is not in the form of the contract');
      const key = request.headers['idempotency-key'];
      return key !== undefined && transactions.length === 1
        ? transactions.map((transaction) => ({ key, ...transaction }))
        : transactions;
    },
    answer: (executed) => refusalIn(executed) ?? json(200, answer(executed.transactions)),
    miscount: ({ results }) => json(200, { results: results.slice(1).map(() => ({ status: 'success' })) }),
  };
  return createMockBackend(contract, resolveMockOptions(contract.who, others));
}

function applied(transactions: readonly MockTransaction[]): object {
  const entries = transactions.reduce((sum, transaction) => sum + transaction.entries.length, 0);
  return { success: true, processed: entries };
}

function refusalIn({ transactions, results }: Executed): MockAnswer | undefined {
  let before = 0;
  for (const [index, result] of results.entries()) {
    if (result.status === 'rejected') {
      const { code, message, details, status = 200 } = result.rejection;
      const error = { code, message, index: before + result.entryIndex, details };
      return json(status, { success: false, error });
    }
    before += transactions[index]?.entries.length ?? 0;
  }
  return undefined;
}

/**
 * Reads the body of `batchEndpoint()`: one list of entries. If there are several transactions, `transactions` has their
 * lengths.
 */
function readBatch(body: unknown): readonly MockTransaction[] | undefined {
  if (!isObject(body) || !Array.isArray(body.batch)) return undefined;
  const entries = body.batch.map(readEntry);
  if (!entries.every((entry) => entry !== undefined)) return undefined;
  const { transactions, idempotency_key: key } = body;
  if (!Array.isArray(transactions)) return [withKey(key, entries)];
  let from = 0;
  const read = transactions.map((each) => {
    const { idempotency_key, entries: count } = isObject(each) ? each : {};
    const end = from + (typeof count === 'number' ? count : 0);
    const part = entries.slice(from, end);
    from = end;
    return withKey(idempotency_key, part);
  });
  return from === entries.length ? read : undefined;
}

function withKey(key: unknown, entries: readonly MockEntry[]): MockTransaction {
  return typeof key === 'string' ? { key, entries } : { entries };
}

function readEntry(value: unknown): MockEntry | undefined {
  const { op, table, id, data } = isObject(value) ? value : {};
  if (typeof table !== 'string' || typeof id !== 'string') return undefined;
  if (op === 'DELETE') return { op, table, id };
  return (op === 'PUT' || op === 'PATCH') && isObject(data) ? { op, table, id, opData: data } : undefined;
}
