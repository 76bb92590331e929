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
 * Tests that every transport must pass, as a list for any test runner. Run it for a transport of your own, against the
 * real backend or something close to it.
 *
 * `needs` of a case names the faults that your harness must be able to make. Leave out the cases whose faults make no
 * sense for your backend. All others check exact values, order, one outcome for each transaction, refusals, replays,
 * hostile ids and values, and errors that give nothing away.
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
