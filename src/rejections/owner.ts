import { UploadError } from '../error/upload-error.ts';
import { bordersIn, currentOwner, type Owner } from '../queue/owner-borders.ts';

/** Chooses rejected writes by owner. */
export interface OwnerFilter {
  /**
   * The owner who must be signed in (see `setOwner()`); null: nobody must be signed in. If `setOwner()` was never
   * called, it only selects the writes with this owner.
   *
   * @default the signed-in user
   */
  readonly owner?: string | null | undefined;
}

/** The current owner. Read it in the transaction that makes the change: another tab may sign somebody else in. */
export async function ownerNow(database: Parameters<typeof bordersIn>[0]): Promise<Owner> {
  return currentOwner(await bordersIn(database));
}

/** Whether a rejected write may be shown and sent now: it is the current owner's, or `setOwner()` was never called. */
export function isTheirs(now: Owner, { owner }: { readonly owner: string | null }): boolean {
  return now === undefined || now === owner;
}

/** @throws UploadError `owner_mismatch` unless the write is the current owner's. */
export function checkTheirs(now: Owner, write: { readonly owner: string | null }): void {
  if (isTheirs(now, write)) return;
  throw new UploadError(
    'owner_mismatch',
    'These rejected writes belong to somebody else than the signed-in user (setOwner()). Nothing was changed. They are ' +
      'listed again once their owner signs in.',
  );
}
