import type { CrudEntryLike } from '../database/database.ts';
import { UploadError } from '../error/upload-error.ts';
import { type Border, currentOwner, type Owner, ownerOf } from './owner-borders.ts';

type Transactions = readonly (readonly CrudEntryLike[])[];

/**
 * Returns the leading transactions of one owner, who must be the current owner. So a batch never crosses an owner
 * border, and no write is sent in another user's name. Without borders no owner is known, and nothing is checked.
 *
 * @throws UploadError `owner_mismatch` if the first transaction was written by another owner.
 */
export function ofOneOwner(
  transactions: Transactions,
  borders: readonly Border[],
): { owner: Owner; transactions: Transactions } {
  const owners = transactions.map((entries) => ownerOf(borders, entries[0]?.clientId ?? 0));
  const owner = owners[0];
  if (owner !== undefined && owner !== currentOwner(borders)) throw ownerMismatch();
  const end = owners.findIndex((each) => each !== owner);
  return { owner, transactions: end < 0 ? transactions : transactions.slice(0, end) };
}

export function ownerMismatch(): UploadError {
  return new UploadError(
    'owner_mismatch',
    'The head of the queue was not written by the signed-in user (setOwner(), or "sub" of the token). The writes stay ' +
      'queued until their owner signs in again, or until they are claimed or discarded.',
  );
}
