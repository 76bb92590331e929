import { UploadError } from '../error/upload-error.ts';
import { bordersIn, currentOwner, type Owner } from '../queue/owner-borders.ts';

/** Whose rejected writes are meant. */
export interface OwnerFilter {
  /**
   * Who has to be signed in (see `setOwner()`); null: nobody. Default: whoever is. Where `setOwner()` was never called
   * there is no telling, and it only chooses among all of them.
   */
  readonly owner?: string | null | undefined;
}

/** Who is signed in. Asked within the transaction that changes something: another tab may sign somebody else in. */
export async function ownerNow(database: Parameters<typeof bordersIn>[0]): Promise<Owner> {
  return currentOwner(await bordersIn(database));
}

/** Whether a rejected write may be shown and sent now: it is of who is signed in. Any, where that was never said. */
export function isTheirs(now: Owner, { owner }: { readonly owner: string | null }): boolean {
  return now === undefined || now === owner;
}

/** @throws UploadError `owner_mismatch` unless the write is of who is signed in. */
export function checkTheirs(now: Owner, write: { readonly owner: string | null }): void {
  if (isTheirs(now, write)) return;
  throw new UploadError(
    'owner_mismatch',
    'Rejected writes are for their own user only, and these are not of who is signed in (setOwner()). Nothing was ' +
      'changed. They are listed again once their user is back.',
  );
}
