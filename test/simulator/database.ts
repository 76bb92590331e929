import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { ConnectorDatabase, CrudBatchLike, CrudEntryLike } from '../../src/queue/database.ts';
import type { Dice, Scheduler } from './scheduler.ts';

/** What an app writes in one local transaction. */
export interface LocalEntry {
  readonly op: 'PUT' | 'PATCH' | 'DELETE';
  readonly table: string;
  readonly id: string;
  readonly data?: Record<string, unknown>;
}

/** A database file with the queue of PowerSync: op ids only go up, and completing deletes up to a handle's last entry. */
export class DatabaseFile {
  readonly clientId: string;
  readonly sqlite = new DatabaseSync(':memory:');
  /** Completions of what was already gone; with the SDK each of them freezes downloads. */
  staleCompletions = 0;
  /** Told of the op ids that a completion removes, in order. */
  onCompleted: (entries: readonly CrudEntryLike[]) => void = () => {};
  #transactionId = 0;

  constructor(clientId: string) {
    this.clientId = clientId;
    this.sqlite.exec('CREATE TABLE ps_crud (id INTEGER PRIMARY KEY AUTOINCREMENT, tx_id INTEGER, data TEXT)');
  }

  write(entries: readonly LocalEntry[]): number[] {
    const transactionId = ++this.#transactionId;
    const insert = this.sqlite.prepare('INSERT INTO ps_crud (tx_id, data) VALUES (?, ?)');
    return entries.map((entry) => Number(insert.run(transactionId, JSON.stringify(entry)).lastInsertRowid));
  }

  read(limit: number): CrudEntryLike[] {
    const rows = this.sqlite
      .prepare('SELECT * FROM ps_crud ORDER BY id LIMIT ?')
      .all(limit) as unknown as Row[];
    return rows.map(({ id, tx_id, data }) => {
      const { op, table, id: rowId, data: opData } = JSON.parse(data) as LocalEntry;
      return { clientId: id, transactionId: tx_id, op, table, id: rowId, ...(opData && { opData }) };
    });
  }

  count(): number {
    return (this.sqlite.prepare('SELECT count(*) AS count FROM ps_crud').get() as { count: number }).count;
  }

  complete(last: number): void {
    const removed = this.read(1_000_000).filter(({ clientId }) => clientId <= last);
    if (removed.length === 0) this.staleCompletions++;
    this.sqlite.prepare('DELETE FROM ps_crud WHERE id <= ?').run(last);
    this.onCompleted(removed);
  }

  /** All that is in the file, to be put back later: a backup. */
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

/** A tab's (or process's) way to a file. Each call takes a moment; after `kill()` none ever ends, or does anything. */
export class Handle implements ConnectorDatabase {
  readonly file: DatabaseFile;
  readonly #scheduler: Scheduler;
  readonly #dice: Dice;
  isDead = false;

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
      const crud = this.file.read(limit);
      const last = crud[crud.length - 1]?.clientId;
      if (last === undefined) return null;
      const haveMore = this.file.count() > crud.length;
      return { crud, haveMore, complete: () => this.#run(() => this.file.complete(last)) };
    });
  }

  getUploadQueueStats(): Promise<{ count: number }> {
    return this.#run(() => ({ count: this.file.count() }));
  }

  execute(sql: string, parameters: unknown[] = []): Promise<unknown> {
    return this.#run(() => this.file.sqlite.prepare(sql).run(...(parameters as SQLInputValue[])));
  }

  getAll<T>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.#run(() => this.file.sqlite.prepare(sql).all(...(parameters as SQLInputValue[])) as T[]);
  }

  async #run<T>(work: () => T): Promise<T> {
    await this.#scheduler.sleep(this.#dice.below(3));
    if (this.isDead) return new Promise(() => {});
    return work();
  }
}
