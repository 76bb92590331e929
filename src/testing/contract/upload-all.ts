import type { Outcome } from '../../outcome/outcome.ts';
import { defaultVerdict } from '../../outcome/verdict.ts';
import type { UploadTransaction } from '../../queue/transaction.ts';
import { type Delivered, deliver } from '../../settle/deliver.ts';
import { ContractViolation, fail } from './checks.ts';

/** Sends as the connector does, bisecting included, until each transaction is applied or rejected. */
export async function uploadAll(
  transactions: readonly UploadTransaction[],
  send: (transactions: readonly UploadTransaction[]) => Promise<readonly Outcome[]>,
): Promise<readonly Delivered[]> {
  const settled: Delivered[] = [];
  let broken: unknown;
  while (settled.length < transactions.length) {
    const delivered = await deliver(transactions.slice(settled.length), {
      send: (some) =>
        send(some).catch((thrown) => {
          if (thrown instanceof ContractViolation) broken ??= thrown;
          throw thrown;
        }),
      judge: (error) => ({ error, verdict: defaultVerdict(error.code) }),
      tooMuch: () => {},
      maxRefusals: Number.POSITIVE_INFINITY,
    });
    if (broken) throw broken;
    const end = delivered.findIndex((each) => !isSettled(each));
    const done = end < 0 ? delivered : delivered.slice(0, end);
    if (done.length === 0) fail(`a transaction was neither applied nor rejected: ${said(delivered[0])}`);
    settled.push(...done);
  }
  return settled;
}

function isSettled(delivered: Delivered): boolean {
  return delivered.status === 'applied' || (delivered.status === 'failed' && delivered.verdict === 'reject');
}

function said(delivered: Delivered | undefined): string {
  return delivered?.status === 'failed' ? delivered.error.message : String(delivered?.status);
}
