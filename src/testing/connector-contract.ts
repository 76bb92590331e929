import type { ConnectorCase } from './connector/connector-case.ts';
import { credentialsCases } from './connector/credentials.ts';
import { keyCases } from './connector/keys.ts';
import { refusalCases } from './connector/refusals.ts';
import { uploadCases } from './connector/uploads.ts';

/**
 * Tests that every connector must pass, as a list for any test runner: for connectors that are written by hand, or that
 * wrap another one. `BackendConnector` passes all of them.
 *
 * - Only what the backend has applied leaves the queue, or what it refused and the app has kept. Nothing leaves it
 *   after an error, a web page, half an answer, a 401 or a lost reply.
 * - The order is kept, and transactions stay whole. Nothing is completed twice or with an argument. Writes and clears
 *   during an upload are respected.
 * - `uploadData()` moves the head of the queue or throws, and ends within its deadline. Two calls don't send the same
 *   writes at the same time.
 * - Only one request for a token runs at a time. Null means signed out; a throw means that it can't be known now.
 * - One refused transaction is kept, and doesn't block the rest. Keys are equal on a retry, and differ for other
 *   content.
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
 *             : { status: 'fatal_error', requires_client_handling: false, failed_operation: { error_code: 'INVALID' } },
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
