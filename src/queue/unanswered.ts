import type { ConnectorDatabase, CrudEntryLike } from '../database/database.ts';
import { readState, writeState } from '../database/tables.ts';

type Transactions = readonly { readonly raw: readonly CrudEntryLike[] }[];

interface Added {
  /** Ends when it is written down. Never fails. */
  readonly kept: Promise<unknown>;
  /** The answer has come after all. Ends when that is written down. Never fails. */
  undo(): Promise<void>;
}

/**
 * Remembers which queued transactions were sent without an answer, so that the backend may have applied them. They stand
 * at the head of the queue: all up to one op id, which is kept in the database for the next start of the app.
 */
export interface Unanswered {
  add(database: ConnectorDatabase, transactions: Transactions): Added;
  includes(database: ConnectorDatabase, transaction: Transactions[number]): Promise<boolean>;
}

export function createUnanswered(): Unanswered {
  /** The last op id, by this connector. */
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
        await writeState(database, 'unanswered', value).catch(() => {}); // Then it is known until the app ends.
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
      // Read anew: another tab may have added some.
      const upTo = Math.max(here.get(database) ?? 0, await read(database));
      return (raw[0]?.clientId ?? Number.POSITIVE_INFINITY) <= upTo;
    },
  };
}

async function read(database: ConnectorDatabase): Promise<number> {
  return (await readState<number>(database, 'unanswered').catch(() => 0)) ?? 0;
}
