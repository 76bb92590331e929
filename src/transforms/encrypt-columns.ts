import { optionChecks } from '../option-checks.ts';
import type { EntryTransform } from '../options.ts';
import { isUploadError, UploadError } from '../outcome/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { textList } from './text-list.ts';

/** Encrypts one value, never null, into anything that JSON can carry; returns undefined while there is no key. */
export type EncryptValue = (
  value: unknown,
  place: { readonly table: string; readonly column: string; readonly id: string },
) => unknown;

export interface EncryptColumnsOptions {
  /**
   * What becomes of those columns in `previousValues`. `'omit'`, the default, leaves them out: a backend can't compare what
   * is encrypted differently every time. `'encrypt'` is for encryption that gives equal values equal ciphertexts.
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
): EntryTransform {
  const { previousValues = 'omit', ...others } = options;
  const { fn, wrong, noOthers } = optionChecks('encryptColumns');
  textList('encryptColumns', 'names', names);
  fn('encrypt', encrypt);
  noOthers('', others);
  if (previousValues !== 'omit' && previousValues !== 'encrypt')
    wrong('previousValues', '"omit" or "encrypt"', previousValues);
  const secret = new Set(names);

  const encryptAll = async (values: UploadEntry['opData'], { table, id }: UploadEntry) => {
    const encrypted = { ...values };
    for (const [column, value] of Object.entries(encrypted)) {
      if (secret.has(column) && value != null)
        encrypted[column] = await encryptOne(encrypt, value, { table, column, id });
    }
    return encrypted;
  };
  return async (entry) => {
    const { opData, previousValues: old } = entry;
    return {
      ...entry,
      ...(opData && { opData: await encryptAll(opData, entry) }),
      ...(old && {
        previousValues: previousValues === 'encrypt' ? await encryptAll(old, entry) : without(old, secret),
      }),
    };
  };
}

async function encryptOne(encrypt: EncryptValue, value: unknown, place: Parameters<EncryptValue>[1]) {
  const what = `${place.table}.${place.column}`;
  let encrypted: unknown;
  try {
    encrypted = await encrypt(value, place);
  } catch (cause) {
    if (isUploadError(cause)) throw cause;
    throw new UploadError(
      'unavailable',
      `${what} can't be encrypted now (see cause). The writes stay queued.`,
      {
        cause,
      },
    );
  }
  if (encrypted == null)
    throw new UploadError('unavailable', `${what} can't be encrypted now. The writes stay queued.`);
  if (encrypted === value)
    throw new UploadError('misconfigured', `${what} came back unencrypted. The writes stay queued.`);
  return encrypted;
}

function without(values: object, columns: ReadonlySet<string>) {
  return Object.fromEntries(Object.entries(values).filter(([column]) => !columns.has(column)));
}
