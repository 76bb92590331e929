import type { CrudEntryLike } from '../database/database.ts';
import { UploadError } from '../error/upload-error.ts';
import { type Border, currentOwner, type Owner, ownerOf } from './owner-borders.ts';

type Transactions = readonly (readonly CrudEntryLike[])[];

/**
 * The leading transactions that one owner wrote, who must be the one who is signed in: a batch never crosses a border,
 * and nobody's writes go out in another's name. Without borders nothing is known, and nothing is promised.
 *
 * @throws UploadError `owner_mismatch`.
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
    'The head of the queue was written by somebody else than who is signed in, by setOwner() or by the "sub" of the token. ' +
      'It waits until they sign in again, or until it is claimed, exported or discarded.',
  );
}
