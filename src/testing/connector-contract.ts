import type { ConnectorCase } from './connector/connector-case.ts';
import { credentialsCases } from './connector/credentials.ts';
import { keyCases } from './connector/keys.ts';
import { refusalCases } from './connector/refusals.ts';
import { uploadCases } from './connector/uploads.ts';

/**
 * What a connector must never get wrong, as a list of tests for any runner: for connectors that are written by hand, or
 * wrap another. `BackendConnector` passes.
 *
 * - Nothing leaves the queue that the backend has not applied, or refused and the app kept: not after an error, a page of
 *   HTML, half an answer, a 401, a lost reply.
 * - Order is kept, transactions stay whole, nothing is completed twice or with an argument, and what is written or
 *   cleared during an upload is respected.
 * - `uploadData()` moves the head of the queue or throws, and ends within its deadline; two calls don't send the same at
 *   once.
 * - A token is asked for once at a time; null is signed out, a throw is not known.
 * - One refused transaction is kept and doesn't block the rest. Keys are equal on a retry, and differ for other content.
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
