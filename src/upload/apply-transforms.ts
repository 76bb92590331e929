import { ownError } from '../error/own-error.ts';
import { isUploadError, UploadError } from '../error/upload-error.ts';
import type { EntryTransform, TransactionTransform, Transform } from '../options.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { carriesKind } from '../transport/sendable.ts';

/**
 * Applies transforms to a transaction, one after another. Each gets the entries that the one before it returned.
 *
 * @throws UploadError if a transform fails: its own upload error, or one with code `invalid`.
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
  // Op ids must be unique: a rejection finds its entry by op id, and a retry what was already applied.
  if (!entries.every(({ clientId }) => opIds.delete(clientId)))
    throw failure(
      raw,
      ownError('A transform must keep the op id (clientId) of each entry, and use none twice.'),
    );
  // Mostly a forgotten await: JSON would turn the promise into {}, and the write would count as applied.
  const odd = entries.filter(
    ({ opData, previousValues, metadata }) =>
      !carriesKind([opData ?? null, previousValues ?? null, metadata ?? null]),
  );
  if (odd.length > 0)
    throw failure(odd, ownError("A column holds a value that JSON can't hold: a promise, a map, bytes …"));
  return entries;
}

/** Applies transforms to one entry, one after another. Null if one of them leaves the entry out. */
export async function transformEntry(
  entry: UploadEntry,
  transforms: readonly EntryTransform[],
): Promise<UploadEntry | null> {
  let current = entry;
  for (const transform of transforms) {
    try {
      const changed = await transform(current);
      // Only null leaves an entry out: the false of `condition && entry` must not drop a write silently.
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
    // A copy: a transform that sorts it in place must not change what is completed.
    const changed: unknown = await transform.transaction([...entries]);
    if (Array.isArray(changed) && changed.every(isEntry)) return changed;
    throw ownError('A transform of a transaction must return a list of entries.');
  } catch (thrown) {
    throw failure(entries, thrown);
  }
}

/** Whether a value is an entry. Its op id is checked later. */
function isEntry(value: unknown): value is UploadEntry {
  const { op, table, id } = Object(value);
  return [op, table, id].every((each) => typeof each === 'string');
}

/** The error of a failed transform. It names operations and tables, never a value. */
function failure(entries: readonly UploadEntry[], cause: unknown): UploadError {
  if (isUploadError(cause)) return UploadError.from(cause);
  const what = new Set(entries.map(({ op, table }) => `${op} of "${table}"`));
  return new UploadError('invalid', `A transform failed: ${[...what].join(', ')} (see cause).`, { cause });
}
