import type { UploadEntry, UploadTransaction } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport } from '../transport/transport.ts';

export function hasColumns({ opData }: UploadEntry): boolean {
  return Object.keys(opData ?? {}).length > 0;
}

/**
 * Makes a transport that leaves out every PATCH without columns. PowerSync queues one for an UPDATE that changes nothing. A
 * transaction of which nothing is left isn't sent, so it is `skipped`: that says nothing about the backend.
 */
export function skipEmptyPatches(transport: Transport): Transport {
  const skipping: Transport = async ({ transactions }, context) => {
    const kept = transactions.map(({ entries }) =>
      [...entries.keys()].filter((index) => isSent(entries[index] as UploadEntry)),
    );
    const toSend = transactions.flatMap((transaction, index) => only(transaction, kept[index] as number[]));
    const outcomes = toSend.length ? [...(await transport({ transactions: toSend }, context))] : [];
    return kept.map((indexes): Outcome => {
      if (indexes.length === 0) return { status: 'skipped' };
      return atIndexes(outcomes.shift() ?? { status: 'not_attempted' }, indexes);
    });
  };
  return Object.assign(skipping, transport);
}

function isSent(entry: UploadEntry): boolean {
  return entry.op !== 'PATCH' || hasColumns(entry);
}

function only(transaction: UploadTransaction, indexes: readonly number[]): UploadTransaction[] {
  const entries = indexes.map((index) => transaction.entries[index] as UploadEntry);
  return indexes.length ? [{ ...transaction, entries }] : [];
}

/** The outcome of the entries at these indexes, as that of the whole transaction. */
function atIndexes(outcome: Outcome, indexes: readonly number[]): Outcome {
  if (outcome.status !== 'rejected') return outcome;
  const { entryIndex, appliedEntries } = outcome;
  return {
    ...outcome,
    ...(entryIndex !== undefined && { entryIndex: indexes[entryIndex] }),
    ...(appliedEntries && { appliedEntries: appliedEntries.map((index) => indexes[index] as number) }),
  };
}
