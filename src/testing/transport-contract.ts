import type { TransportContractCase } from './contract/contract-case.ts';
import { faults } from './contract/faults.ts';
import { hostile } from './contract/hostile.ts';
import { refusals } from './contract/refusals.ts';
import { replays } from './contract/replays.ts';
import { secrets } from './contract/secrets.ts';
import { tokens } from './contract/tokens.ts';
import { writes } from './contract/writes.ts';

export type { TransportContractCase } from './contract/contract-case.ts';
export type {
  ContractBackend,
  ContractNeed,
  ContractTable,
  TransportFault,
  TransportHarness,
} from './contract/harness.ts';

/**
 * The rules that every transport must keep, as a list of tests for any test runner. Run it for your own transport, with
 * the real backend or one that is as close to it as possible.
 *
 * `needs` of a case lists the faults that your harness must be able to make. Skip cases whose faults your backend can't
 * have. All transports run the other cases: exact values, order, one outcome for each transaction, refusals, replays,
 * hostile ids and values, and errors without secrets.
 *
 * @example
 * ```ts
 * import { type ContractNeed, type TransportHarness, transportContract } from 'powersync-backend-connector/testing';
 * import { test } from 'vitest';
 *
 * declare function startHarness(): Promise<TransportHarness>; // yours: a transport, its backend, and the faults
 *
 * const offered: readonly ContractNeed[] = ['token', 'offline', 'lost-reply', 'server-error', 'unauthenticated'];
 *
 * for (const { name, needs, run } of transportContract) {
 *   if (needs.every((need) => offered.includes(need))) test(name, async () => run(await startHarness()));
 * }
 * ```
 */
export const transportContract: readonly TransportContractCase[] = [
  ...writes,
  ...refusals,
  ...replays,
  ...faults,
  ...tokens,
  ...hostile,
  ...secrets,
];
