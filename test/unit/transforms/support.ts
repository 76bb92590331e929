import type { ConnectorDatabase } from '../../../src/database/database.ts';
import type { UploadEntry } from '../../../src/queue/transaction.ts';
import type { Transform, TransformContext } from '../../../src/transport/transform.ts';
import { anEntry } from '../../support/fake-queue.ts';

/** With a database that nothing may be looked up in. */
export const context: TransformContext = { database: {} as ConnectorDatabase };

/** Freezes what a transform must not change. */
function frozen(members: Partial<UploadEntry> = {}): UploadEntry {
  const entry = anEntry(members);
  for (const each of [entry, entry.opData, entry.previousValues]) if (each) Object.freeze(each);
  return entry;
}

/** What becomes of a frozen entry; null where it is left out. */
export async function changed(transform: Transform, members: Partial<UploadEntry> = {}) {
  const [entry = null, ...others] = await sent(transform, [frozen(members)]);
  if (others.length > 0) throw new Error('There is more than one entry.');
  return entry;
}

/** Columns of a PUT after a transform. */
export async function columnsAfter(transform: Transform, opData: Record<string, unknown>) {
  return (await changed(transform, { opData }))?.opData;
}

/** The columns and previous values of a PATCH after a transform. */
export async function patchAfter(
  transform: Transform,
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

export async function sent(transform: Transform, entries: readonly UploadEntry[]) {
  return await transform(Object.freeze([...entries]), context);
}
