import { failureAlone } from '../combine/failure-alone.ts';
import type { UploadTransaction } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';

/** Sends each transaction of a batch in its own call, in order, until one isn't applied. */
export async function oneAtATime(
  transactions: readonly UploadTransaction[],
  send: (transaction: UploadTransaction) => Promise<Outcome>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const transaction of transactions) {
    const outcome = await send(transaction).catch((thrown) => failureAlone(thrown));
    outcomes.push(outcome);
    if (outcome.status !== 'applied') break;
  }
  return transactions.map((_, index) => outcomes[index] ?? { status: 'not_attempted' });
}
