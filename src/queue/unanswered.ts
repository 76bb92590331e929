import { readState, writeState } from '../rejections/state.ts';
import type { ConnectorDatabase, CrudEntryLike } from './database.ts';

type Transactions = readonly { readonly raw: readonly CrudEntryLike[] }[];

/**
 * Remembers which queued transactions were sent without an answer, so that the backend may have applied them. They stand
 * at the head of the queue: all up to one op id, which is kept in the database for the next start of the app.
 */
export interface Unanswered {
  add(database: ConnectorDatabase, transactions: Transactions): void;
  includes(database: ConnectorDatabase, transaction: Transactions[number]): Promise<boolean>;
}

export function createUnanswered(): Unanswered {
  const known = new WeakMap<ConnectorDatabase, number>();

  async function load(database: ConnectorDatabase): Promise<number> {
    const upTo = known.get(database) ?? (await readState<number>(database, 'unanswered').catch(() => 0)) ?? 0;
    known.set(database, Math.max(upTo, known.get(database) ?? 0));
    return upTo;
  }

  return {
    add(database, transactions) {
      const upTo = Math.max(0, ...transactions.map(({ raw }) => raw[raw.length - 1]?.clientId ?? 0));
      if (upTo <= (known.get(database) ?? 0)) return;
      known.set(database, upTo);
      writeState(database, 'unanswered', upTo).catch(() => {}); // Then it is known until the app ends.
    },
    async includes(database, { raw }) {
      return (raw[0]?.clientId ?? Number.POSITIVE_INFINITY) <= (await load(database));
    },
  };
}
