import { optionChecks } from '../check-options.ts';
import { json, message } from './mock/answers.ts';
import { createMockBackend } from './mock/backend.ts';
import type { MockContract } from './mock/contract.ts';
import type { MockResultsBackend } from './mock/mock.ts';
import { resolveMockOptions, type TransactionalMockOptions } from './mock/options.ts';
import {
  MAX_BYTES,
  problemWith,
  readTransaction,
  writeApiContract,
  writeResult,
} from './mock/write-contract.ts';

/** Options of {@link mockEdgeFunction}. */
export interface MockEdgeFunctionOptions extends TransactionalMockOptions {
  /**
   * True: the function takes one transaction in each call, and answers with its result.
   *
   * @default false
   */
  readonly oneTransaction?: boolean | undefined;
}

/**
 * A mock of a Supabase Edge Function with the contract of the reference write API, for `edgeFunction()`.
 *
 * @throws TypeError if an option is missing, misspelt or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { createClient } from '@supabase/supabase-js';
 * import { mockEdgeFunction } from 'powersync-backend-connector/testing';
 *
 * const api = mockEdgeFunction({ url: 'https://example.supabase.co/functions/v1/powersync-upload' });
 * const client = createClient('https://example.supabase.co', 'key', { global: { fetch: api.fetch } });
 *
 * api.rejectNext('UNIQUE_VIOLATION');
 * await client.functions.invoke('powersync-upload', { body: { transactions: [{ crud: [] }] } });
 * ```
 */
export function mockEdgeFunction(options: MockEdgeFunctionOptions): MockResultsBackend {
  const { oneTransaction = false, ...others } = options;
  const who = 'mockEdgeFunction';
  if (typeof oneTransaction !== 'boolean')
    optionChecks(who).wrong('oneTransaction', 'true or false', oneTransaction);
  const contract = writeApiContract(who);
  return createMockBackend(
    oneTransaction ? { ...contract, ...ONE_TRANSACTION } : contract,
    resolveMockOptions(who, others),
    MAX_BYTES,
  );
}

const ONE_TRANSACTION: Pick<MockContract, 'read' | 'answer' | 'miscount'> = {
  read(request) {
    const problem = problemWith(request);
    if (problem) return problem;
    const transaction = readTransaction(request.body);
    return typeof transaction === 'string' ? message(400, `request/body${transaction}`) : [transaction];
  },
  answer: ({ results: [result] }) => json(200, result ? writeResult(result) : {}),
  miscount: () => json(200, { results: [] }),
};
