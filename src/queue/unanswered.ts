import type { ConnectorDatabase, CrudEntryLike } from '../database/database.ts';
import { readState, writeState } from '../database/tables.ts';

type Transactions = readonly { readonly raw: readonly CrudEntryLike[] }[];

interface Added {
  /** Resolves when the mark is stored. Never rejects. */
  readonly kept: Promise<unknown>;
  /** Removes the mark, because an answer came. Resolves when that is stored. Never rejects. */
  undo(): Promise<void>;
}

/**
 * Remembers which queued transactions were sent without getting an answer: the backend may have applied them. They are
 * always at the head of the queue, so one op id is enough: all up to it. It is stored in the database, for the next
 * start of the app.
 */
export interface Unanswered {
  add(database: ConnectorDatabase, transactions: Transactions): Added;
  includes(database: ConnectorDatabase, transaction: Transactions[number]): Promise<boolean>;
}

export function createUnanswered(): Unanswered {
  /** The last op id that this connector has sent without an answer. */
  const here = new WeakMap<ConnectorDatabase, number>();

  return {
    add(database, transactions) {
      const last = transactions[transactions.length - 1]?.raw;
      const upTo = last?.[last.length - 1]?.clientId ?? 0;
      const before = here.get(database) ?? 0;
      if (upTo <= before) return { kept: Promise.resolve(), async undo() {} };
      here.set(database, upTo);
      const stored = read(database);
      const keep = async (): Promise<void> => {
        const value = Math.max(await stored, here.get(database) ?? 0);
        await writeState(database, 'unanswered', value).catch(() => {}); // If it can't be stored, it is kept in memory.
      };
      const kept = keep();
      return {
        kept,
        async undo() {
          if (here.get(database) !== upTo) return;
          here.set(database, before);
          await kept;
          await keep();
        },
      };
    },
    async includes(database, { raw }) {
      // Read again: another tab may have added some.
      const upTo = Math.max(here.get(database) ?? 0, await read(database));
      return (raw[0]?.clientId ?? Number.POSITIVE_INFINITY) <= upTo;
    },
  };
}

async function read(database: ConnectorDatabase): Promise<number> {
  return (await readState<number>(database, 'unanswered').catch(() => 0)) ?? 0;
}
