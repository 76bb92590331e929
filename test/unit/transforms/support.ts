import type { EntryTransform, TransactionTransform } from '../../../src/options.ts';
import type { UploadEntry } from '../../../src/queue/transaction.ts';
import { anEntry } from '../../support/fake-queue.ts';

/** Freezes what a transform must not change. */
function frozen(members: Partial<UploadEntry> = {}): UploadEntry {
  const entry = anEntry(members);
  for (const each of [entry, entry.opData, entry.previousValues]) if (each) Object.freeze(each);
  return entry;
}

/** What becomes of a frozen entry. */
export async function changed(transform: EntryTransform, members: Partial<UploadEntry> = {}) {
  return await transform(frozen(members));
}

/** Columns of a PUT after a transform. */
export async function columnsAfter(transform: EntryTransform, opData: Record<string, unknown>) {
  return (await changed(transform, { opData }))?.opData;
}

/** The columns and previous values of a PATCH after a transform. */
export async function patchAfter(
  transform: EntryTransform,
  opData: Record<string, unknown>,
  previousValues: Record<string, unknown>,
) {
  const entry = await changed(transform, { op: 'PATCH', opData, previousValues });
  return [entry?.opData, entry?.previousValues];
}

/** Entries with op ids from 1 on. */
export function transactionOf(...entries: Partial<UploadEntry>[]): UploadEntry[] {
  return entries.map((each, index) =>
    frozen({ table: 'todos', opData: each.op === 'DELETE' ? undefined : {}, ...each, clientId: index + 1 }),
  );
}

export async function sent(transform: TransactionTransform, entries: readonly UploadEntry[]) {
  return await transform.transaction(entries);
}
