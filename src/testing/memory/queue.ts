import type { CrudBatchLike } from '../../database/database.ts';
import { type MemoryCrudEntry, readEntry } from './entry.ts';
import { committed, type DatabaseFile, write } from './file.ts';
import { type Store, writeRow } from './store.ts';

/** The result of `getCrudBatch()`. */
export interface MemoryCrudBatch extends CrudBatchLike {
  /** The entries, in queue order. */
  readonly crud: MemoryCrudEntry[];
  /** Removes all entries up to and including the last one of `crud`, even those that aren't in the batch. */
  complete(writeCheckpoint?: string): Promise<void>;
}

/** The result of `getNextCrudTransaction()`. `haveMore` is always false. */
export interface MemoryCrudTransaction extends MemoryCrudBatch {
  /** Transaction id. For an entry that was queued without one it is null at run time, as in the SDK. */
  readonly transactionId?: number | undefined;
}

/** Called by `complete()` with the op id of the last entry. `complete()` waits for it. */
export type CompletionHook = (lastOpId: number) => unknown;

/** The database's hooks at the time of the completion. */
export interface CompletionHooks {
  beforeComplete: CompletionHook | undefined;
  afterComplete: CompletionHook | undefined;
}

export function readBatch(file: DatabaseFile, limit: number, hooks: CompletionHooks): MemoryCrudBatch | null {
  if (!Number.isInteger(limit)) throw new Error('datatype mismatch'); // SQLite's message for a LIMIT such as 2.5
  // Reads one more, to set `haveMore`, as the SDK does. For SQLite, a negative limit is no limit.
  const all = entries(committed(file), 0, limit < -1 ? Number.POSITIVE_INFINITY : limit + 1);
  const haveMore = all.length > limit;
  const crud = haveMore ? all.slice(0, -1) : all;
  if (crud.length === 0) return null;
  return { crud, haveMore, complete: completing(file, crud, hooks) };
}

/** Returns the first transaction after an op id: consecutive entries with the same transaction id. */
export function readTransaction(
  file: DatabaseFile,
  after: number,
  hooks: CompletionHooks,
): MemoryCrudTransaction | null {
  const store = committed(file);
  const [first] = entries(store, after, 1);
  if (!first) return null;
  const crud: MemoryCrudEntry[] = [];
  for (const entry of entries(store, after, Number.POSITIVE_INFINITY, first.transactionId)) {
    const isNext = entry.clientId === first.clientId + crud.length;
    if (crud.length > 0 && (!isNext || first.transactionId == null)) break;
    crud.push(entry);
  }
  return {
    crud,
    haveMore: false,
    complete: completing(file, crud, hooks),
    transactionId: first.transactionId,
  };
}

export function countQueue(file: DatabaseFile): number {
  return committed(file).tables.get('ps_crud')?.rows.size ?? 0;
}

/** Returns entries after an op id. With `onlyOf`, it stops at the first entry of another transaction. */
function entries(store: Store, after: number, most: number, onlyOf?: number | null): MemoryCrudEntry[] {
  const found: MemoryCrudEntry[] = [];
  for (const [opId, values] of store.tables.get('ps_crud')?.rows ?? []) {
    if (found.length >= most) break;
    if (opId <= after) continue;
    const transactionId = values.get('tx_id') ?? null;
    if (onlyOf !== undefined && transactionId !== onlyOf) break;
    found.push(readEntry(opId, transactionId, String(values.get('data'))));
  }
  return found;
}

function completing(
  file: DatabaseFile,
  crud: readonly MemoryCrudEntry[],
  hooks: CompletionHooks,
): (writeCheckpoint?: string) => Promise<void> {
  const lastOpId = crud[crud.length - 1]?.clientId ?? 0;
  return async (argument) => {
    await hooks.beforeComplete?.(lastOpId);
    await write(file, (change) => {
      const { store } = file;
      const leaving = [...(store.tables.get('ps_crud')?.rows.keys() ?? [])].filter(
        (opId) => opId <= lastOpId,
      );
      for (const opId of leaving) writeRow(store, change, 'ps_crud', opId, undefined);
      if (leaving.length === 0 && !argument) store.isFrozen = true;
      file.completions.push({ lastOpId, removed: leaving.length, argument });
    });
    await hooks.afterComplete?.(lastOpId);
  };
}
