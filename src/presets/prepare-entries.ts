import { failureAlone } from '../combine/failure-alone.ts';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry, UploadTransaction } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport } from '../transport/transport.ts';

export function hasColumns({ opData = {} }: UploadEntry): boolean {
  return Object.keys(opData).length > 0;
}

/**
 * Leaves out every PATCH without columns, because most backends fail on it, and checks the other entries. If `check`
 * throws, the error is the outcome of that transaction, and it isn't sent.
 */
export function prepareEntries(
  transport: Transport,
  check: (entry: UploadEntry) => void = () => {},
): Transport {
  const prepared: Transport = async ({ transactions }, context) => {
    const ready: UploadTransaction[] = [];
    for (const transaction of transactions) {
      const entries = transaction.entries.filter((entry) => entry.op !== 'PATCH' || hasColumns(entry));
      try {
        entries.forEach(check);
      } catch (thrown) {
        if (ready.length > 0) break; // The transactions before it are sent first.
        const failed = failureAlone(thrown);
        return transactions.map((_, index) => (index ? { status: 'not_attempted' } : failed));
      }
      ready.push({ ...transaction, entries });
    }
    const toSend = ready.filter(({ entries }) => entries.length > 0);
    const outcomes = toSend.length ? [...(await transport({ transactions: toSend }, context))] : [];
    // Nothing counts as applied behind a failure: the failed one would count as overtaken, and be rejected for that.
    let hasFailed = false;
    return transactions.map((_, index) => {
      const isEmpty = ready[index]?.entries.length === 0 && !hasFailed;
      const outcome = isEmpty ? APPLIED : ready[index]?.entries.length ? outcomes.shift() : undefined;
      hasFailed ||= outcome?.status !== 'applied';
      return outcome ?? { status: 'not_attempted' };
    });
  };
  return Object.assign(prepared, transport);
}

const APPLIED: Outcome = { status: 'applied' };

/** A check for backends that fail on a PUT with only the id. */
export function putNeedsColumns(entry: UploadEntry): void {
  if (entry.op !== 'PUT' || hasColumns(entry)) return;
  throw new UploadError(
    'invalid',
    `The backend accepts no row of "${entry.table}" without columns. Use the transform fillNulls().`,
  );
}

/**
 * Adds the previous values of `columns` to the columns of a PATCH. For backends that clear those of `columns` that a
 * PATCH doesn't have. Throws if a previous value is unknown, because the PATCH would clear that column.
 */
export function withPrevious(
  { table, opData, previousValues }: UploadEntry,
  columns: readonly string[],
): object {
  const row: Record<string, unknown> = { ...opData };
  for (const column of columns) {
    if (Object.hasOwn(row, column)) continue;
    if (!previousValues || !Object.hasOwn(previousValues, column)) {
      throw new UploadError(
        'misconfigured',
        `The backend clears "${column}" of "${table}" if a PATCH doesn't have it. Add that column and trackPrevious: true ` +
          'to the schema. The writes stay queued.',
      );
    }
    row[column] = previousValues[column];
  }
  return row;
}
