import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { ConnectorDatabase, CrudBatchLike, CrudEntryLike } from '../../src/database/database.ts';

/** The members of an entry that a test sets. The queue adds op id and transaction id. */
export type NewEntry = Partial<Omit<CrudEntryLike, 'clientId' | 'transactionId'>>;

/** A queue entry. Members that a test doesn't set have defaults. */
export function anEntry(members: Partial<CrudEntryLike> = {}): CrudEntryLike {
  return { clientId: 1, op: 'PUT', table: 'lists', id: 'row', opData: { name: 'Milk' }, ...members };
}

/**
 * The upload queue of a PowerSync database, without the SDK. It behaves the same way: op ids only go up, a batch ends
 * at its number of entries, wherever a transaction ends, each read returns new objects, and completing a handle deletes
 * all entries up to the handle's last one, whoever queued them.
 *
 * SQL goes to a real SQLite in memory.
 */
export class FakeQueue implements ConnectorDatabase {
  readonly clientId: string;
  /** The limit of every read, in order. */
  readonly reads: number[] = [];
  /** The last op id of every completed handle, in order. */
  readonly completions: number[] = [];
  /** The number of completions that found nothing to delete. With the SDK, each of them freezes downloads. */
  staleCompletions = 0;
  /** Every SQL statement, in order. */
  readonly statements: string[] = [];
  /** If SQL matches this, it fails as on a locked or broken database. */
  broken: RegExp | undefined;
  readonly #sqlite: DatabaseSync;
  #rows: CrudEntryLike[] = [];
  #opId = 0;
  #transactionId = 0;

  constructor(clientId = 'client', sqlite = new DatabaseSync(':memory:')) {
    this.clientId = clientId;
    this.#sqlite = sqlite;
  }

  /** Opens the same database file again, like a restarted app or another tab. The queue is empty at first. */
  reopened(): FakeQueue {
    return new FakeQueue(this.clientId, this.#sqlite);
  }

  /** Queues the entries of one local transaction. */
  write(...entries: NewEntry[]): this {
    const transactionId = ++this.#transactionId;
    for (const entry of entries)
      this.#rows.push(anEntry({ ...entry, clientId: ++this.#opId, transactionId }));
    return this;
  }

  /** Queues an entry without a transaction id. It is read from the database as `null`. */
  writeAlone(entry: NewEntry = {}): this {
    const transactionId = null as unknown as undefined;
    this.#rows.push(anEntry({ ...entry, clientId: ++this.#opId, transactionId }));
    return this;
  }

  /** Deletes all entries up to this op id, like a completion by another tab. */
  removeThrough(opId: number): void {
    this.#rows = this.#rows.filter((row) => row.clientId > opId);
  }

  /** Deletes one entry, like an app that writes to the queue's table itself. */
  removeOne(opId: number): void {
    this.#rows = this.#rows.filter((row) => row.clientId !== opId);
  }

  /** Empties the queue like `disconnectAndClear()`. Op ids continue from the last one. */
  clear(): void {
    this.#rows = [];
  }

  get opIds(): number[] {
    return this.#rows.map((row) => row.clientId);
  }

  async getClientId(): Promise<string> {
    return this.clientId;
  }

  async getCrudBatch(limit = 100): Promise<CrudBatchLike | null> {
    if (!Number.isInteger(limit)) throw new Error('datatype mismatch'); // SQLite's error for a LIMIT such as 2.5
    this.reads.push(limit);
    const crud = structuredClone(this.#rows.slice(0, limit));
    const last = crud[crud.length - 1];
    if (!last) return null;
    return {
      crud,
      haveMore: this.#rows.length > limit,
      complete: async () => {
        this.completions.push(last.clientId);
        if (!this.#rows.some((row) => row.clientId <= last.clientId)) this.staleCompletions++;
        this.removeThrough(last.clientId);
      },
    };
  }

  async getUploadQueueStats(): Promise<{ count: number }> {
    return { count: this.#rows.length };
  }

  async execute(sql: string, parameters: unknown[] = []): Promise<unknown> {
    return this.#prepare(sql).run(...(parameters as SQLInputValue[]));
  }

  async getAll<T>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.#prepare(sql).all(...(parameters as SQLInputValue[])) as T[];
  }

  #prepare(sql: string) {
    this.statements.push(sql);
    if (this.broken?.test(sql)) throw new Error('database is locked');
    if (sql.includes('FROM ps_crud')) this.#fillTable();
    return this.#sqlite.prepare(sql);
  }

  /** Writes the queue into the SDK's table. */
  #fillTable(): void {
    this.#sqlite.exec(
      'CREATE TABLE IF NOT EXISTS ps_crud (id INTEGER PRIMARY KEY AUTOINCREMENT, tx_id INTEGER)',
    );
    this.#sqlite.exec('DELETE FROM ps_crud');
    const insert = this.#sqlite.prepare('INSERT INTO ps_crud VALUES (?, ?)');
    for (const { clientId, transactionId } of this.#rows) insert.run(clientId, transactionId ?? null);
  }
}
