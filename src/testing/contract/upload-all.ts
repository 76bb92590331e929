import { defaultVerdict } from '../../error/codes.ts';
import type { UploadTransaction } from '../../queue/transaction.ts';
import type { Outcome } from '../../transport/outcome.ts';
import { type Delivered, type Failed, pair } from '../../upload/item.ts';
import { walk } from '../../upload/walk.ts';
import { ContractViolation, fail } from './checks.ts';

/** Sends transactions as the connector does, with bisection, until each is applied or rejected. */
export async function uploadAll(
  transactions: readonly UploadTransaction[],
  send: (transactions: readonly UploadTransaction[]) => Promise<readonly Outcome[]>,
): Promise<readonly Delivered[]> {
  const items = transactions.map((transaction) => ({ raw: transaction.entries, transaction }));
  const settled: Delivered[] = [];
  let broken: unknown;
  let last: Failed | undefined;
  while (settled.length < items.length) {
    const before = settled.length;
    await walk(items.slice(before), {
      async send(some) {
        try {
          return pair(some, await send(some.map(({ transaction }) => transaction)));
        } catch (thrown) {
          if (thrown instanceof ContractViolation) broken ??= thrown;
          throw thrown;
        }
      },
      judge: (error) => ({ error, verdict: defaultVerdict(error.code) }),
      tooMuch: () => {},
      unanswered: async () => {},
      notReached: () => {},
      applied: async (some) => {
        for (const _ of some) settled.push({ status: 'applied' });
      },
      decide: async (_, failed) => {
        last = failed;
        if (failed.verdict !== 'reject') return { error: failed.error, hold: false };
        settled.push(failed);
        return undefined;
      },
    });
    if (broken) throw broken;
    if (settled.length === before)
      fail(`a transaction was neither applied nor rejected: ${last?.error.message ?? 'not_attempted'}`);
  }
  return settled;
}
