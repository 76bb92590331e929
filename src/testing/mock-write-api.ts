import { isObject } from '../json.ts';
import { message } from './mock/answers.ts';
import { createMockBackend } from './mock/backend.ts';
import type { MockContract } from './mock/contract.ts';
import type { MockBackend, RejectNextOptions } from './mock/mock.ts';
import { resolveMockOptions, type TransactionalMockOptions } from './mock/options.ts';
import { answerResults, readTransactions, writeResult } from './mock/write-contract.ts';

/** What {@link mockWriteApi} returns. */
export interface MockWriteApi extends MockBackend {
  /**
   * Refuses a transaction of the next request for good (`fatal_error`); those behind it are not attempted.
   *
   * @param code An `error_code` of the contract, such as `UNIQUE_VIOLATION`, or one of the app's own.
   */
  rejectNext(
    code: string,
    options?: RejectNextOptions & {
      /** The contract's `requires_client_handling`. Default false. */
      readonly needsDecision?: boolean | undefined;
    },
  ): void;
  /** Asks to send the first transaction of the next request again (`retryable_error`), applying nothing. */
  retryNext(options?: { readonly retryAfterMs?: number | undefined }): void;
  /** Does what the next request asks for, and answers with one result less. */
  wrongCount(): void;
}

/** What the reference backend takes. */
const MAX_BYTES = 102_400;

/**
 * A mock of PowerSync's reference write API, the backend of `writeApi()`, with its rules: `POST` of 1 to 50 transactions
 * in JSON, no member null (400); a Bearer token (401); at most 102 400 bytes (413). After a refusal, the rest of a request
 * is not attempted.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
 *
 * @example
 * ```ts
 * import { setupServer } from 'msw/node';
 * import { mockWriteApi } from 'powersync-backend-connector/testing';
 *
 * const api = mockWriteApi({ url: 'https://api.example.com/api/data' });
 * const server = setupServer(...api.handlers);
 *
 * server.listen();
 * api.rejectNext('UNIQUE_VIOLATION');
 * // … the app writes, and uploads …
 * console.log(api.tables.todos, api.received.length, api.pending);
 * ```
 */
export function mockWriteApi(options: TransactionalMockOptions): MockWriteApi {
  return createMockBackend(CONTRACT, resolveMockOptions('mockWriteApi', options), MAX_BYTES);
}

const CONTRACT: MockContract = {
  who: 'mockWriteApi',
  unit: 'transaction',
  refusal: message,
  read({ method, headers, body }) {
    if (method !== 'POST') return message(404, `Cannot ${method} here`);
    if (!headers['content-type']?.includes('json'))
      return message(400, 'content-type must be application/json');
    const read = readTransactions(isObject(body) ? body.transactions : undefined);
    return typeof read === 'string' ? message(400, `request/body/${read}`) : read;
  },
  answer: ({ results }) => answerResults(results.map(writeResult)),
  miscount: ({ results }) => answerResults(results.slice(1).map(writeResult)),
};
