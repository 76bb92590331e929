import { perEntry } from '../combine/per-entry.ts';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport } from '../transport/transport.ts';

/** What is not applied, for sure. */
export type NotApplied = Extract<Outcome, { readonly error: unknown }>;

/**
 * For backends whose PUT inserts, and so refuses a row that is there already, also one from an earlier try whose answer
 * was lost: where the refusal may mean that, the columns are sent as a PATCH, and that one's outcome counts. Only where
 * that says that there is no such row the refusal stands: a 404 may come from what stands before the backend.
 */
export function insertThenUpdate(
  transport: Transport,
  mayExist: (refusal: NotApplied, entry: UploadEntry) => boolean,
): Transport {
  const updating = perEntry(async (entry, context) => {
    const send = async (each: UploadEntry): Promise<Exclude<Outcome, { status: 'not_attempted' }>> => {
      const [outcome] = await transport({ transactions: [{ key: context.key, entries: [each] }] }, context);
      if (outcome && outcome.status !== 'not_attempted') return outcome;
      throw new UploadError('unknown', 'An entry was not sent.');
    };
    const inserted = await send(entry);
    if (entry.op !== 'PUT' || inserted.status === 'applied' || !mayExist(inserted, entry)) return inserted;
    const updated = await send({ ...entry, op: 'PATCH' });
    return updated.status !== 'applied' && updated.error.code === 'not_found' ? inserted : updated;
  });
  return Object.assign(updating, transport);
}
