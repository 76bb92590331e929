import type { ConnectorCase } from './connector/connector-case.ts';
import { credentialsCases } from './connector/credentials.ts';
import { keyCases } from './connector/keys.ts';
import { refusalCases } from './connector/refusals.ts';
import { uploadCases } from './connector/uploads.ts';

/**
 * The rules that every connector must keep, as a list of tests for any test runner. Run it for a connector that you
 * wrote yourself, or one that wraps another. `BackendConnector` passes.
 *
 * - A write leaves the queue only if the backend applied it, or if it was refused and the app kept it. It stays after
 *   an error, an HTML page, half an answer, a 401 or a lost reply.
 * - Writes are sent in order, and transactions whole. `complete()` is called once, without an argument. Writes made
 *   during an upload stay queued, and a queue that is cleared during an upload stays cleared.
 * - `uploadData()` moves the head of the queue or throws, and ends within its deadline. Two calls at the same time
 *   don't send the same writes.
 * - The token is requested once at a time. Null means that nobody is signed in. A throw means that this isn't known.
 * - A refused transaction is kept and doesn't block the rest. A retry has the same key. Other content has another key.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { writeApi } from 'powersync-backend-connector/http';
 * import { listRejected } from 'powersync-backend-connector/rejections';
 * import {
 *   type ConnectorSetup,
 *   connectorContract,
 *   fakeClock,
 *   memoryDatabase,
 *   scriptedBackend,
 *   scriptedLogin,
 * } from 'powersync-backend-connector/testing';
 *
 * declare function test(name: string, run: () => Promise<void>): void; // of vitest, jest or node:test
 *
 * function setup(): ConnectorSetup {
 *   const database = memoryDatabase();
 *   const login = scriptedLogin();
 *   const clock = fakeClock();
 *   const backend = scriptedBackend({
 *     read: ({ body }) =>
 *       JSON.parse(body).transactions.map((sent: { idempotency_key: string; crud: { id: string }[] }) => ({
 *         rows: sent.crud.map(({ id }) => id),
 *         key: sent.idempotency_key,
 *       })),
 *     answer: (areApplied) => ({
 *       body: {
 *         results: areApplied.map((isApplied) =>
 *           isApplied
 *             ? { status: 'success' }
 *             : {
 *                 status: 'fatal_error',
 *                 requires_client_handling: false,
 *                 failed_operation: { error_code: 'INVALID' },
 *               },
 *         ),
 *       },
 *     }),
 *   });
 *   const connector = new BackendConnector({
 *     endpoint: 'https://service.test',
 *     credentials: login.credentials,
 *     transport: writeApi({ url: 'https://api.test/api/data', fetch: backend.fetch }),
 *     retry: { timeoutMs: 500 },
 *     clock,
 *   });
 *   return {
 *     connector,
 *     database,
 *     backend,
 *     login,
 *     kept: async () => (await listRejected(database)).flatMap(({ entries }) => entries.map(({ id }) => id)),
 *     endWaits: () => clock.advance(3_600_000),
 *   };
 * }
 *
 * for (const { name, run } of connectorContract) test(name, () => run(setup));
 * ```
 */
export const connectorContract: readonly ConnectorCase[] = [
  ...uploadCases,
  ...refusalCases,
  ...keyCases,
  ...credentialsCases,
];
