import { applyTransforms } from './apply-transforms.ts';
import type { Deadline } from './deadline.ts';
import type { Transform } from './options.ts';
import { UploadError } from './outcome/upload-error.ts';
import type { CrudEntryLike } from './queue/database.ts';
import { toTransaction, type UploadTransaction } from './queue/transaction.ts';
import type { Delivered, Judge } from './settle/deliver.ts';

/** A transaction as it is sent, or what is known of it without sending. */
export interface Prepared {
  readonly transaction: UploadTransaction;
  readonly known?: Delivered;
}

/**
 * Gives each transaction its key and transforms its entries, up to the first one whose transform fails. One that
 * nothing is left of is skipped.
 */
export async function prepare(
  chosen: readonly (readonly CrudEntryLike[])[],
  clientId: string,
  transforms: readonly Transform[],
  judge: Judge,
  deadline: Deadline,
): Promise<Prepared[]> {
  if (transforms.length === 0) return chosen.map((raw) => ({ transaction: toTransaction(clientId, raw) }));
  const prepared: Prepared[] = [];
  for (const raw of chosen) {
    const transaction = toTransaction(clientId, raw);
    try {
      const entries = await deadline.race(applyTransforms(raw, transforms));
      if (entries.length) prepared.push({ transaction: { ...transaction, entries } });
      else prepared.push({ transaction, known: { status: 'skipped' } });
    } catch (thrown) {
      deadline.check();
      // As uncertain as the refusal of a whole request: a fault in a transform must not empty the queue.
      const known: Delivered = {
        status: 'failed',
        ...judge(UploadError.from(thrown), false),
        inBand: false,
      };
      return [...prepared, { transaction, known }];
    }
  }
  return prepared;
}
