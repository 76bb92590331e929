import { Fail } from '../sql/table.ts';
import { addInternalTables } from './crud.ts';
import { type Change, copyStore, createStore, newChange, rollBack, type Store } from './store.ts';

/** One call of `complete()`. */
export type Completion = {
  /** Op id of the last entry that was removed. */
  readonly lastOpId: number;
  /** Number of entries that were removed. 0 is a stale completion. */
  readonly removed: number;
  /**
   * The argument of `complete()`. The SDK takes any argument except undefined, even an error, for a custom write
   * checkpoint. Several SDK versions then stop downloading.
   */
  readonly argument: unknown;
};

/** A database file. Several handles can have it open. */
export interface DatabaseFile {
  readonly store: Store;
  /** The running transaction. */
  open: Change | undefined;
  /** Settles when the last writer in the line has ended. */
  tail: Promise<unknown>;
  /** Called with the names of the tables that a transaction has changed. */
  readonly listeners: Set<(tables: ReadonlySet<string>) => void>;
  readonly completions: Completion[];
}

export function createFile(clientId: string): DatabaseFile {
  const store = createStore(clientId);
  addInternalTables(store);
  return fileOf(store);
}

export function fileOf(store: Store): DatabaseFile {
  return { store, open: undefined, tail: Promise.resolve(), listeners: new Set(), completions: [] };
}

/** Returns the committed rows, without those of a running transaction. */
export function committed({ store, open }: DatabaseFile): Store {
  if (!open || open.undo.length === 0) return store;
  const copy = copyStore(store);
  for (const step of [...open.undo].reverse()) step(copy);
  return copy;
}

/** Runs a transaction after earlier ones have ended. A transaction that fails changes nothing. */
export function write<T>(file: DatabaseFile, task: (change: Change) => T | Promise<T>): Promise<T> {
  const turn = file.tail.then(async () => {
    const change = newChange();
    file.open = change;
    try {
      return await task(change);
    } catch (error) {
      rollBack(file.store, change);
      change.tables.clear();
      throw error;
    } finally {
      file.open = undefined;
      if (change.tables.size > 0) for (const listener of [...file.listeners]) listener(change.tables);
    }
  });
  file.tail = turn.catch(() => {});
  return turn;
}

/** Runs a statement. If it fails, its changes are undone, and the transaction can go on. */
export function statement<T>(file: DatabaseFile, change: Change, run: () => T): T {
  if (file.open !== change) throw new Error('memoryDatabase: this transaction has ended');
  const steps = change.undo.length;
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Fail)) rollBack(file.store, change, steps);
    throw error;
  }
}
