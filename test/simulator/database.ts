import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { CrudBatchLike, CrudEntryLike } from '../../src/database/database.ts';
import type { LocalTransaction, WritableDatabase } from '../../src/rejections/database.ts';
import type { Dice, Scheduler } from './scheduler.ts';

/** What an app writes in one local transaction. */
export interface LocalEntry {
  readonly op: 'PUT' | 'PATCH' | 'DELETE';
  readonly table: string;
  readonly id: string;
  readonly data?: Record<string, unknown>;
}

/** A row of `connector_rejected_writes`. */
export interface RejectedRow {
  readonly key: string;
  readonly state: string;
  readonly entries: string;
  readonly applied_entries: string;
  readonly owner: string | null;
  readonly may_be_applied?: number | null;
}

/**
 * A database file with PowerSync's queue: op ids only go up, and completing a handle deletes all entries up to its
 * last.
 */
export class DatabaseFile {
  readonly clientId: string;
  readonly sqlite = new DatabaseSync(':memory:');
  /** Incremented whenever entries leave the queue, in whatever way. */
  removals = 0;
  /** Called with the entries that a completion removes, in order. */
  onCompleted: (entries: readonly CrudEntryLike[], by: Handle) => void = () => {};
  /** Called when a completion finds nothing to remove. With the SDK, that freezes downloads. */
  onStale: (by: Handle) => void = () => {};
  readonly listeners = new Set<() => void>();
  readonly #statements = new Map<string, StatementSync>();
  #transactionId = 0;

  constructor(clientId: string) {
    this.clientId = clientId;
    this.sqlite.exec('CREATE TABLE ps_crud (id INTEGER PRIMARY KEY AUTOINCREMENT, tx_id INTEGER, data TEXT)');
  }

  /** Statements are prepared once, because preparing would take most of a history's time. */
  statement(sql: string): StatementSync {
    let found = this.#statements.get(sql);
    if (!found) {
      found = this.sqlite.prepare(sql);
      this.#statements.set(sql, found);
    }
    return found;
  }

  write(entries: readonly LocalEntry[]): number[] {
    const transactionId = ++this.#transactionId;
    const insert = this.statement('INSERT INTO ps_crud (tx_id, data) VALUES (?, ?)');
    const opIds = entries.map((entry) =>
      Number(insert.run(transactionId, JSON.stringify(entry)).lastInsertRowid),
    );
    for (const listener of this.listeners) listener();
    return opIds;
  }

  read(limit: number): CrudEntryLike[] {
    const rows = this.statement('SELECT * FROM ps_crud ORDER BY id LIMIT ?').all(limit);
    return (rows as unknown as Row[]).map(toEntry);
  }

  /** The entries in front of an op id. */
  readBefore(opId: number): CrudEntryLike[] {
    const rows = this.statement('SELECT * FROM ps_crud WHERE id < ? ORDER BY id').all(opId);
    return (rows as unknown as Row[]).map(toEntry);
  }

  count(): number {
    return (this.statement('SELECT count(*) AS count FROM ps_crud').get() as { count: number }).count;
  }

  head(): number | undefined {
    return (
      (this.statement('SELECT min(id) AS id FROM ps_crud').get() as { id: number | null }).id ?? undefined
    );
  }

  complete(last: number, by: Handle): void {
    const removed = this.readBefore(last + 1);
    if (removed.length === 0) {
      this.onStale(by);
      return;
    }
    this.statement('DELETE FROM ps_crud WHERE id <= ?').run(last);
    this.removals++;
    this.onCompleted(removed, by);
  }

  /** The SDK's `disconnectAndClear()`: the queue is emptied, op ids continue. */
  clear(): void {
    this.sqlite.exec('DELETE FROM ps_crud');
    this.removals++;
  }

  rejected(): RejectedRow[] {
    return this.has('connector_rejected_writes')
      ? (this.statement(
          'SELECT * FROM connector_rejected_writes ORDER BY rowid',
        ).all() as unknown as RejectedRow[])
      : [];
  }

  has(table: string): boolean {
    return this.statement('SELECT 1 FROM sqlite_master WHERE name = ?').get(table) !== undefined;
  }

  /** A backup: everything in the file, to be restored later. */
  snapshot(): () => void {
    const names = this.#tables();
    const rows = names.map((name) => this.sqlite.prepare(`SELECT * FROM ${name}`).all());
    const transactionId = this.#transactionId;
    return () => {
      for (const name of this.#tables()) this.sqlite.exec(`DELETE FROM ${name}`);
      for (const [index, name] of names.entries()) {
        for (const row of rows[index] ?? []) {
          const columns = Object.keys(row);
          const places = columns.map(() => '?').join();
          this.sqlite
            .prepare(`INSERT INTO ${name} (${columns.join()}) VALUES (${places})`)
            .run(...(Object.values(row) as SQLInputValue[]));
        }
      }
      this.#transactionId = transactionId;
      this.removals++;
    };
  }

  #tables(): string[] {
    const tables = this.sqlite
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .all();
    return tables.map(({ name }) => String(name));
  }
}

interface Row {
  readonly id: number;
  readonly tx_id: number;
  readonly data: string;
}

function toEntry({ id, tx_id, data }: Row): CrudEntryLike {
  const { op, table, id: rowId, data: opData } = JSON.parse(data) as LocalEntry;
  return { clientId: id, transactionId: tx_id, op, table, id: rowId, ...(opData && { opData }) };
}

/** A tab's (or process's) handle of a file. Each call takes a moment. After `kill()`, no call ends or does anything. */
export class Handle implements WritableDatabase {
  readonly file: DatabaseFile;
  /** The file's `removals` when this handle last looked at the queue. */
  seenRemovals = 0;
  isDead = false;
  /** Called after each statement, for crashes at exactly that point. */
  onExecuted: (sql: string) => void = () => {};
  /** The SDK's own upload. `disconnect()` waits for it, as on Node. */
  running: Promise<unknown> = Promise.resolve();
  readonly #scheduler: Scheduler;
  readonly #dice: Dice;

  constructor(file: DatabaseFile, scheduler: Scheduler, random: Dice) {
    this.file = file;
    this.#scheduler = scheduler;
    this.#dice = random;
  }

  kill(): void {
    this.isDead = true;
  }

  getClientId(): Promise<string> {
    return this.#run(() => this.file.clientId);
  }

  getCrudBatch(limit = 100): Promise<CrudBatchLike | null> {
    return this.#run(() => {
      this.seenRemovals = this.file.removals;
      const crud = this.file.read(limit);
      const last = crud[crud.length - 1]?.clientId;
      if (last === undefined) return null;
      const haveMore = this.file.count() > crud.length;
      return { crud, haveMore, complete: () => this.#run(() => this.#complete(last)) };
    });
  }

  #complete(last: number): void {
    this.file.complete(last, this);
    this.onExecuted('complete');
  }

  getUploadQueueStats(): Promise<{ count: number }> {
    return this.#run(() => ({ count: this.file.count() }));
  }

  execute(sql: string, parameters: unknown[] = []): Promise<unknown> {
    return this.#run(() => {
      const result = this.file.statement(sql).run(...(parameters as SQLInputValue[]));
      this.onExecuted(sql);
      return result;
    });
  }

  getAll<T>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.#run(() => this.file.statement(sql).all(...(parameters as SQLInputValue[])) as T[]);
  }

  /** Nothing can run between its statements, because they take no time. */
  writeTransaction<T>(callback: (transaction: LocalTransaction) => Promise<T>): Promise<T> {
    const { file } = this;
    return this.#run(() =>
      callback({
        execute: async (sql, parameters = []) => file.statement(sql).run(...parameters),
        getAll: async <R>(sql: string, parameters: SQLInputValue[] = []) =>
          file.statement(sql).all(...parameters) as R[],
      }),
    ).then((result) => result);
  }

  onChange({ onChange }: { onChange: () => void }): () => void {
    const listener = (): void => void (this.isDead || this.#scheduler.after(50, onChange));
    this.file.listeners.add(listener);
    return () => this.file.listeners.delete(listener);
  }

  async disconnect(): Promise<void> {
    await this.running;
    await this.#run(() => undefined);
  }

  async disconnectAndClear(): Promise<void> {
    await this.disconnect();
    await this.#run(() => this.file.clear());
  }

  async #run<T>(work: () => T): Promise<T> {
    await this.#scheduler.sleep(this.#dice.below(3));
    if (this.isDead) return new Promise(() => {});
    const result = work();
    return this.isDead ? new Promise(() => {}) : result;
  }
}
