import { failureAlone } from '../combine/failure-alone.ts';
import { hasColumns, skipEmptyPatches } from '../combine/skip-empty.ts';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Transport } from '../transport/transport.ts';

/**
 * Leaves out every PATCH without columns, because most backends fail on it, and checks the other entries. If `check`
 * throws, the error is the outcome of that transaction, and it isn't sent.
 */
export function prepareEntries(
  transport: Transport,
  check: (entry: UploadEntry) => void = () => {},
): Transport {
  const checking: Transport = async ({ transactions }, context) => {
    for (const [index, { entries }] of transactions.entries()) {
      try {
        entries.forEach(check);
      } catch (thrown) {
        // The transactions before it are sent first.
        const before = transactions.slice(0, index);
        const outcomes = index ? await transport({ transactions: before }, context) : [failureAlone(thrown)];
        return transactions.map((_, at) => outcomes[at] ?? { status: 'not_attempted' });
      }
    }
    return transport({ transactions }, context);
  };
  return skipEmptyPatches(Object.assign(checking, transport));
}

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
