import { failureAlone } from '../combine/failure-alone.ts';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry, UploadTransaction } from '../queue/transaction.ts';
import type { Transport } from '../transport/transport.ts';

export function hasColumns({ opData = {} }: UploadEntry): boolean {
  return Object.keys(opData).length > 0;
}

/**
 * Leaves out each PATCH without columns, which is an error to most backends, and checks the other entries: what `check`
 * throws is the outcome of the entry's transaction, without a request.
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
        if (ready.length > 0) break; // What stands before it goes first.
        const failed = failureAlone(thrown);
        return transactions.map((_, index) => (index ? { status: 'not_attempted' } : failed));
      }
      ready.push({ ...transaction, entries });
    }
    const toSend = ready.filter(({ entries }) => entries.length > 0);
    const outcomes = toSend.length ? [...(await transport({ transactions: toSend }, context))] : [];
    return transactions.map((_, index) =>
      ready[index]?.entries.length === 0
        ? { status: 'applied' }
        : (outcomes.shift() ?? { status: 'not_attempted' }),
    );
  };
  return Object.assign(prepared, transport);
}

/** A check for backends to which a PUT of nothing but the id is an error. */
export function putNeedsColumns(entry: UploadEntry): void {
  if (entry.op !== 'PUT' || hasColumns(entry)) return;
  throw new UploadError(
    'invalid',
    `The backend takes no row of "${entry.table}" without columns: use the transform fillNulls().`,
  );
}

/**
 * The columns of a PATCH, completed from the previous values, for backends that clear those of `columns` that aren't in
 * it. Throws where they aren't known: sent as it is, the PATCH would clear them.
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
        `The backend clears "${column}" of "${table}" when a PATCH is without it: let the schema have that column, and ` +
          'trackPrevious: true. The writes stay queued.',
      );
    }
    row[column] = previousValues[column];
  }
  return row;
}
