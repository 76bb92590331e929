import { type EntryContext, perEntry } from '../combine/per-entry.ts';
import { hasColumns, skipEmptyPatches } from '../combine/skip-empty.ts';
import { UploadError } from '../error/upload-error.ts';
import type { RowOutcome } from '../http/row-endpoints.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport } from '../transport/transport.ts';

/** Outcome of an entry that was not applied. */
export type NotApplied = Extract<Outcome, { readonly error: unknown }>;

/**
 * For backends whose PUT only inserts. They refuse a row that exists already, perhaps from an earlier try whose answer
 * was lost. If the refusal says that (`exists`), the columns are sent again as a PATCH, and the outcome of the PATCH
 * counts.
 */
export function insertThenUpdate(
  transport: Transport,
  exists: (refusal: NotApplied, entry: UploadEntry) => boolean,
): Transport {
  const updating = perEntry(async (entry, context) => {
    const inserted = await sendEntry(transport, entry, context);
    if (entry.op !== 'PUT' || inserted.status === 'applied' || !exists(inserted, entry)) return inserted;
    if (!hasColumns(entry)) return { status: 'applied' };
    return sendEntry(transport, { ...entry, op: 'PATCH' }, context);
  });
  return skipEmptyPatches(Object.assign(updating, transport));
}

/** Sends one entry by itself. */
export async function sendEntry(
  transport: Transport,
  entry: UploadEntry,
  context: EntryContext,
): Promise<RowOutcome> {
  const [outcome] = await transport({ transactions: [{ key: context.key, entries: [entry] }] }, context);
  if (outcome && outcome.status !== 'not_attempted' && outcome.status !== 'skipped') return outcome;
  throw new UploadError('unknown', 'An entry was not sent. The writes stay queued.');
}
