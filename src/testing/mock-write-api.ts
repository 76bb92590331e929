import { createMockBackend } from './mock/backend.ts';
import type { MockResultsBackend } from './mock/mock.ts';
import { resolveMockOptions, type TransactionalMockOptions } from './mock/options.ts';
import { MAX_BYTES, writeApiContract } from './mock/write-contract.ts';

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
export function mockWriteApi(options: TransactionalMockOptions): MockResultsBackend {
  const contract = writeApiContract('mockWriteApi');
  return createMockBackend(contract, resolveMockOptions(contract.who, options), MAX_BYTES);
}
