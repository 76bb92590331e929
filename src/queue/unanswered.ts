import { readState, writeState } from '../rejections/state.ts';
import type { ConnectorDatabase, CrudEntryLike } from './database.ts';

type Transactions = readonly { readonly raw: readonly CrudEntryLike[] }[];

/**
 * Remembers which queued transactions were sent without an answer, so that the backend may have applied them. They stand
 * at the head of the queue: all up to one op id, which is kept in the database for the next start of the app.
 */
interface Added {
  /** Ends when it is written down. Never fails. */
  readonly kept: Promise<unknown>;
  /** The answer has come after all. */
  undo(): void;
}

export interface Unanswered {
  add(database: ConnectorDatabase, transactions: Transactions): Added;
  includes(database: ConnectorDatabase, transaction: Transactions[number]): Promise<boolean>;
}

export function createUnanswered(): Unanswered {
  /** The last op id, by this connector. */
  const here = new WeakMap<ConnectorDatabase, number>();
  /** The same, from before it was made. */
  const earlier = new WeakMap<ConnectorDatabase, Promise<number>>();

  function load(database: ConnectorDatabase): Promise<number> {
    const loaded =
      earlier.get(database) ??
      readState<number>(database, 'unanswered').then(
        (upTo) => upTo ?? 0,
        () => 0,
      );
    earlier.set(database, loaded);
    return loaded;
  }

  function keep(database: ConnectorDatabase, upTo: number): Promise<unknown> {
    here.set(database, upTo);
    return load(database)
      .then((before) => writeState(database, 'unanswered', Math.max(before, here.get(database) ?? 0)))
      .catch(() => {}); // Then it is known until the app ends.
  }

  return {
    add(database, transactions) {
      const last = transactions[transactions.length - 1]?.raw;
      const upTo = last?.[last.length - 1]?.clientId ?? 0;
      const before = here.get(database) ?? 0;
      if (upTo <= before) return { kept: Promise.resolve(), undo() {} };
      return {
        kept: keep(database, upTo),
        undo() {
          if (here.get(database) === upTo) void keep(database, before);
        },
      };
    },
    async includes(database, { raw }) {
      const upTo = Math.max(here.get(database) ?? 0, await load(database));
      return (raw[0]?.clientId ?? Number.POSITIVE_INFINITY) <= upTo;
    },
  };
}
