import { optionChecks } from '../check-options.ts';
import { isUploadError, UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { isSendable } from '../transport/sendable.ts';
import type { Transform } from '../transport/transform.ts';
import { changeColumns } from './change-columns.ts';
import { eachEntry } from './each-entry.ts';
import { nameMatcher } from './name-matcher.ts';

/**
 * Encrypts one value, never null, into anything that JSON can carry (bytes as Base64), or a promise of it; returns undefined
 * while there is no key.
 */
export type EncryptValue = (
  value: unknown,
  place: { readonly table: string; readonly column: string; readonly id: string },
) => unknown;

/** Options of {@link encryptColumns}. */
export interface EncryptColumnsOptions {
  /**
   * What happens to these columns in `previousValues`. `'omit'` leaves them out, because a backend can't compare values that
   * are encrypted differently each time. Use `'encrypt'` if your encryption gives equal values equal ciphertexts.
   *
   * @default 'omit'
   */
  readonly previousValues?: 'omit' | 'encrypt' | undefined;
}

/**
 * Encrypts columns before they are sent. Nulls stay null.
 *
 * While `encrypt` returns undefined or null, or throws, the answer is *not now*: the transaction stays queued with all
 * behind it, and is tried again later (code `unavailable`). So a missing key loses no write, and none is sent in plain text.
 * To have a write rejected, throw an `UploadError` of code `invalid`. A value that comes back as it was is not sent either.
 *
 * Columns go by the names they have at this place of the list: put it last, and name them as they are sent. The rejection
 * policy, and the table of rejected writes, get plain text: they see what the app wrote.
 *
 * @param names Names, or patterns with `*`.
 * @throws TypeError for an empty list, an `encrypt` that is no function, or a misspelt option.
 *
 * @example
 * ```ts
 * import { encryptColumns } from 'powersync-backend-connector/transforms';
 *
 * declare const vault: { encrypt?(text: string): Promise<string> }; // no method while locked
 *
 * export const transform = encryptColumns(['title', 'body'], (value) => vault.encrypt?.(JSON.stringify(value)));
 * ```
 */
export function encryptColumns(
  names: readonly string[],
  encrypt: EncryptValue,
  options: EncryptColumnsOptions = {},
): Transform {
  const { previousValues = 'omit', ...others } = options;
  const { fn, wrong, noOthers } = optionChecks('encryptColumns');
  const isSecret = nameMatcher('encryptColumns', 'names', names);
  fn('encrypt', encrypt);
  noOthers('', others);
  if (previousValues !== 'omit' && previousValues !== 'encrypt')
    wrong('previousValues', '"omit" or "encrypt"', previousValues);
  const isOmitted = previousValues === 'omit';

  return eachEntry(async (entry) => {
    const encryptAll = async (values: UploadEntry['opData']) => {
      const encrypted = { ...values };
      for (const [column, value] of Object.entries(encrypted)) {
        if (isSecret(column) && value != null)
          encrypted[column] = await encryptOne(encrypt, value, { table: entry.table, column, id: entry.id });
      }
      return values && encrypted;
    };
    const { opData, previousValues: old } = changeColumns(entry, (column, value, isOld) =>
      isOld && isOmitted && isSecret(column) ? undefined : [column, value],
    );
    return { ...entry, opData: await encryptAll(opData), previousValues: await encryptAll(old) };
  });
}

async function encryptOne(
  encrypt: EncryptValue,
  value: unknown,
  place: Parameters<EncryptValue>[1],
): Promise<unknown> {
  let encrypted: unknown;
  let cause: unknown;
  try {
    encrypted = await encrypt(value, place);
  } catch (thrown) {
    if (isUploadError(thrown)) throw thrown;
    cause = thrown;
  }
  if (encrypted != null && !isSendable(encrypted)) {
    throw new UploadError(
      'misconfigured',
      `encrypt() must return what JSON can carry, such as Base64, for ${place.table}.${place.column}. The writes stay queued.`,
    );
  }
  if (encrypted != null && encrypted !== value) return encrypted;
  const what = encrypted == null ? "can't be encrypted now" : 'came back unencrypted';
  throw new UploadError('unavailable', `${place.table}.${place.column} ${what}. The writes stay queued.`, {
    cause,
  });
}
