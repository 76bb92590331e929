import { createMockBackend } from './mock/backend.ts';
import type { MockResultsBackend } from './mock/mock.ts';
import { resolveMockOptions, type TransactionalMockOptions } from './mock/options.ts';
import { MAX_BYTES, writeApiContract } from './mock/write-contract.ts';

/**
 * A mock of PowerSync's reference write API, for `writeApi()`. It has the rules of that API: a `POST` of 1 to 50
 * transactions as JSON without null members (else 400), with a Bearer token (else 401) and at most 102 400 bytes (else
 * 413). After a refusal, the rest of the request is not attempted.
 *
 * @throws TypeError if an option is missing, misspelt or out of range. The message names the option.
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
export function mockWriteApi(options: TransactionalMockOptions): MockResultsBackend {
  const contract = writeApiContract('mockWriteApi');
  return createMockBackend(contract, resolveMockOptions(contract.who, options), MAX_BYTES);
}
