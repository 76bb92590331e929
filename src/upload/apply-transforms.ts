import { ownError } from '../error/own-error.ts';
import { isUploadError, UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { carriesKind } from '../transport/sendable.ts';
import type { Transform, TransformContext } from '../transport/transform.ts';

/**
 * Applies transforms to a transaction, and checks what they have left of it.
 *
 * @throws UploadError if a transform fails: its own upload error, or one with code `invalid`.
 */
export async function applyTransforms(
  raw: readonly UploadEntry[],
  transforms: readonly Transform[],
  context: TransformContext,
): Promise<readonly UploadEntry[]> {
  const entries = await applyInTurn(raw, transforms, context);
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
      // A copy: one that sorts in place must not reach what the queue is completed by.
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

/** But for the op id, which is looked at in the end. */
export function isEntry(value: unknown): value is UploadEntry {
  const { op, table, id } = Object(value);
  return [op, table, id].every((each) => typeof each === 'string');
}

/** Names op and table, never a value. */
export function transformFailure(entries: readonly UploadEntry[], cause: unknown): UploadError {
  if (isUploadError(cause)) return UploadError.from(cause);
  const what = new Set(entries.map(({ op, table }) => `${op} of "${table}"`));
  return new UploadError('invalid', `A transform failed: ${[...what].join(', ')} (see cause).`, { cause });
}
