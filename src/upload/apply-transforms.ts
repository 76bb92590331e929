import { ownError } from '../error/own-error.ts';
import { isUploadError, UploadError } from '../error/upload-error.ts';
import type { EntryTransform, TransactionTransform, Transform } from '../options.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { carriesKind } from '../transport/sendable.ts';

/**
 * Applies transforms to a transaction, one after another, each to all that the one before it has left.
 *
 * What goes wrong is an `UploadError`: the transform's own, or else one of code `invalid`.
 */
export async function applyTransforms(
  raw: readonly UploadEntry[],
  transforms: readonly Transform[],
): Promise<readonly UploadEntry[]> {
  let entries = raw;
  for (const transform of transforms) {
    if (typeof transform === 'function') entries = await transformEach(entries, transform);
    else entries = await transformWhole(entries, transform);
  }
  const opIds = new Set(raw.map(({ clientId }) => clientId));
  // By op id a rejection finds its entry, and a retry what was applied already.
  if (!entries.every(({ clientId }) => opIds.delete(clientId)))
    throw failure(
      raw,
      ownError('A transform must keep the op id (clientId) of an entry, and use none twice.'),
    );
  // A forgotten await, above all: JSON would make {} of the promise, and the write would count as applied.
  const odd = entries.filter(
    ({ opData, previousValues, metadata }) =>
      !carriesKind([opData ?? null, previousValues ?? null, metadata ?? null]),
  );
  if (odd.length > 0)
    throw failure(odd, ownError("A column holds what JSON can't carry: a promise, a map, bytes …"));
  return entries;
}

/** Applies transforms to one entry, one after another; null once one of them leaves it out. */
export async function transformEntry(
  entry: UploadEntry,
  transforms: readonly EntryTransform[],
): Promise<UploadEntry | null> {
  let current = entry;
  for (const transform of transforms) {
    try {
      const changed = await transform(current);
      // Nothing but null: `condition && entry` must not leave out a write unsaid.
      if (changed === null) return null;
      if (!isEntry(changed)) throw ownError('A transform must return an entry, or null.');
      current = changed;
    } catch (thrown) {
      throw failure([current], thrown);
    }
  }
  return current;
}

async function transformEach(
  entries: readonly UploadEntry[],
  transform: EntryTransform,
): Promise<readonly UploadEntry[]> {
  const left: UploadEntry[] = [];
  for (const entry of entries) {
    const changed = await transformEntry(entry, [transform]);
    if (changed) left.push(changed);
  }
  return left;
}

async function transformWhole(
  entries: readonly UploadEntry[],
  transform: TransactionTransform,
): Promise<readonly UploadEntry[]> {
  try {
    // A copy: one that sorts in place must not reach what the queue is completed by.
    const changed: unknown = await transform.transaction([...entries]);
    if (Array.isArray(changed) && changed.every(isEntry)) return changed;
    throw ownError('A transform of a transaction must return a list of entries.');
  } catch (thrown) {
    throw failure(entries, thrown);
  }
}

/** But for the op id, which is looked at in the end. */
function isEntry(value: unknown): value is UploadEntry {
  const { op, table, id } = Object(value);
  return [op, table, id].every((each) => typeof each === 'string');
}

/** Names op and table, never a value. */
function failure(entries: readonly UploadEntry[], cause: unknown): UploadError {
  if (isUploadError(cause)) return UploadError.from(cause);
  const what = new Set(entries.map(({ op, table }) => `${op} of "${table}"`));
  return new UploadError('invalid', `A transform failed: ${[...what].join(', ')} (see cause).`, { cause });
}
