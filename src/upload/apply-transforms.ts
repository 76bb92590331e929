import { isOwnError, ownError } from '../error/own-error.ts';
import { isUploadError, UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { carriesKind } from '../transport/sendable.ts';
import type { Transform, TransformContext } from '../transport/transform.ts';

/**
 * Applies transforms to a transaction, and checks what they return.
 *
 * @throws UploadError if a transform fails: its own upload error, or one with code `invalid`.
 */
export async function applyTransforms(
  raw: readonly UploadEntry[],
  transforms: readonly Transform[],
  context: TransformContext,
): Promise<readonly UploadEntry[]> {
  // Copies: a transform that changes an entry must reach neither the record of a rejection nor the end of the queue.
  const entries = await applyInTurn(raw.map(copyEntry), transforms, context);
  const opIds = new Set(raw.map(({ clientId }) => clientId));
  // Op ids must be unique: a rejection finds its entry by op id, and a retry what was already applied.
  if (!entries.every(({ clientId }) => opIds.delete(clientId)))
    throw transformFailure(
      raw,
      ownError('A transform must keep the op id (clientId) of each entry, and use none twice.'),
    );
  // Mostly a forgotten await: JSON would turn the promise into {}, and the write would count as applied.
  const odd = entries.filter(
    ({ opData, previousValues, metadata }) =>
      !carriesKind([opData ?? null, previousValues ?? null, metadata ?? null]),
  );
  if (odd.length > 0)
    throw transformFailure(odd, ownError("A column holds what JSON can't carry: a promise, a map, bytes …"));
  return entries;
}

/** Applies one transform after another, each to all that the one before it has left, until nothing is left. */
export async function applyInTurn(
  entries: readonly UploadEntry[],
  transforms: readonly Transform[],
  context: TransformContext,
): Promise<readonly UploadEntry[]> {
  let left = entries;
  for (const transform of transforms) {
    if (left.length === 0) break;
    try {
      const changed: unknown = await transform(Object.defineProperties([...left], NOT_AN_ENTRY), context);
      if (!Array.isArray(changed)) mistaken();
      const copy: unknown[] = [...changed];
      if (!copy.every(isEntry)) throw ownError('A transform must return a list of entries.');
      left = copy;
    } catch (thrown) {
      throw transformFailure(left, thrown);
    }
  }
  return left;
}

// A function of one entry would read undefined from the list, take it for an entry to send, and so let all of them pass.
const NOT_AN_ENTRY = Object.fromEntries(
  ['clientId', 'op', 'table', 'id', 'transactionId', 'opData', 'previousValues', 'metadata'].map((member) => [
    member,
    { get: mistaken },
  ]),
);

function mistaken(): never {
  throw new UploadError(
    'misconfigured',
    'transform must return a list of entries: wrap a function of one entry in eachEntry(). The writes stay queued.',
  );
}

/** Checks everything but the op id, which is checked at the end. */
export function isEntry(value: unknown): value is UploadEntry {
  const { op, table, id, opData } = Object(value);
  const isOp = op === 'PUT' || op === 'PATCH' || op === 'DELETE';
  const hasColumns = opData == null || (typeof opData === 'object' && !Array.isArray(opData));
  return isOp && hasColumns && typeof table === 'string' && typeof id === 'string';
}

/** A copy with its own columns. It keeps the methods of the SDK's class. */
function copyEntry(entry: UploadEntry): UploadEntry {
  const { opData, previousValues } = entry;
  return Object.assign(Object.create(Object.getPrototypeOf(entry)), entry, {
    ...(opData && { opData: { ...opData } }),
    ...(previousValues && { previousValues: { ...previousValues } }),
  });
}

/** The error for what a transform threw. It names op and table, never a value. */
export function transformFailure(entries: readonly UploadEntry[], cause: unknown): UploadError {
  if (isUploadError(cause)) return UploadError.from(cause);
  const what = [...new Set(entries.map(({ op, table }) => `${op} of "${table}"`))].join(', ');
  // A look-up that failed for now says nothing about the write.
  const code = isBusy(cause) ? 'unavailable' : UploadError.from(cause).code;
  if (code !== 'unknown')
    return new UploadError(code, `A transform failed: ${what} (see cause). The writes stay queued.`, {
      cause,
    });
  // With the words of this library: a rejected write keeps the message, but not the cause.
  const why = cause instanceof Error && isOwnError(cause) ? `. ${cause.message}` : ' (see cause).';
  return new UploadError('invalid', `A transform failed: ${what}${why}`, { cause });
}

/** Whether SQLite says that somebody else is writing. */
function isBusy(cause: unknown): boolean {
  const { code, message } = Object(cause);
  return /\bSQLITE_(BUSY|LOCKED)|\bdatabase (table |schema )?is locked/.test(`${code} ${message}`);
}
