import { optionChecks } from '../check-options.ts';
import { isUploadError, UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { isSendable } from '../transport/sendable.ts';
import type { Transform } from '../transport/transform.ts';
import { changeColumns } from './change-columns.ts';
import { eachEntry } from './each-entry.ts';
import { nameMatcher } from './name-matcher.ts';

/**
 * Encrypts one value. It isn't called for null. Returns something that JSON can carry (bytes as Base64), or a promise
 * of it. Returns undefined while there is no key.
 */
export type EncryptValue = (
  value: unknown,
  place: { readonly table: string; readonly column: string; readonly id: string },
) => unknown;

/** Options of {@link encryptColumns}. */
export interface EncryptColumnsOptions {
  /**
   * Handling of these columns in `previousValues`. `'omit'` leaves them out, because a backend can't compare values
   * that are encrypted differently each time. Use `'encrypt'` if your encryption gives equal values equal ciphertexts.
   *
   * @default 'omit'
   */
  readonly previousValues?: 'omit' | 'encrypt' | undefined;
}

/**
 * Transform: encrypts columns before they are sent. Null stays null.
 *
 * If `encrypt` returns undefined or null, or throws, the transaction stays queued, with everything behind it, and is
 * tried again later (code `unavailable`). So a missing key loses no write, and nothing is sent in plain text. A value
 * that `encrypt` returns unchanged isn't sent either. To reject a write, throw an `UploadError` with the code
 * `invalid`.
 *
 * Put it last in the list, and use the names under which the columns are sent: transforms that rename columns come
 * before it. The rejection policy and the table of rejected writes get what the app wrote, in plain text.
 *
 * @param names Names of columns, or patterns with `*`.
 * @param encrypt Encrypts one value.
 * @throws TypeError for an empty list, an `encrypt` that is not a function, or a misspelt option.
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
