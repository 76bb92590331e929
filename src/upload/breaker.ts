import type { ConnectorDatabase } from '../database/database.ts';
import { readState, writeState } from '../database/tables.ts';
import type { RetryBudget } from '../error/upload-error.ts';
import type { Failed } from './item.ts';

// Doubt, in thirtieths of a refusal, so that it is counted in whole numbers.
const REFUSAL = 30;
/** Stated of one write, with a code for its data: five in a row, with nothing applied behind them, are suspicious. */
const CERTAIN_REFUSAL = 22;
const SUCCESS = 10;
/** From here on the breaker is open. */
const OPEN = 3 * REFUSAL;
/** More doubt isn't kept: ten successes in a row take it away. */
const MOST = 2 * OPEN;

/** What each refusal has to stand while the breaker is open: in an hour five are believed, and twenty take three hours. */
const CONFIRMATION: RetryBudget = { tries: 6, minMs: 10 * 60_000 };

/**
 * Says how often a refusal has to be repeated before it is believed.
 *
 * A bad write and a broken backend answer alike, so refusals are believed while they are rare. Each one raises the
 * doubt by one, each success takes away a third. Without any doubt a refusal is believed at once; up to one after three
 * tries in the same call, up to two after five, below three after seven. From three on the breaker is *open*: each further
 * one is believed after six tries over ten minutes. So neither do bad writes block the queue for ever, nor does an outage empty it. The doubt is kept in the
 * database: apps restart during an outage.
 */
export interface Breaker {
  /** Whether refusals have to be confirmed now. */
  isOpen(database: ConnectorDatabase): Promise<boolean>;
  /** Whether the last thing it heard of the backend was good: else a single transaction is enough to see if it is well. */
  isWell(database: ConnectorDatabase): boolean;
  /** What a refusal has to stand before it is believed. */
  budget(database: ConnectorDatabase, certain: boolean): Promise<RetryBudget>;
  /** A refusal was believed; true when that opened the breaker. */
  refused(database: ConnectorDatabase, certain: boolean): Promise<boolean>;
  /** The backend applied something. */
  succeeded(database: ConnectorDatabase): Promise<void>;
  /** It applied what it had refused before: its refusals can't be trusted now. True when that opened the breaker. */
  contradicted(database: ConnectorDatabase): Promise<boolean>;
  /** The app says that refusals are the writes' fault. */
  reset(database: ConnectorDatabase): Promise<void>;
}

/** A refusal that the backend stated of this one write, with a code that is about its data. */
export function isCertain({ inBand, verdict, error }: Failed): boolean {
  return inBand && verdict === 'reject' && DATA_CODES.has(error.code);
}

/** Not `forbidden`: a server that lost a grant refuses everything with it. */
const DATA_CODES: ReadonlySet<string> = new Set(['invalid', 'not_found', 'conflict', 'too_large']);

export function createBreaker(): Breaker {
  const known = new WeakMap<ConnectorDatabase, number>();
  const well = new WeakSet<ConnectorDatabase>();

  async function load(database: ConnectorDatabase, fresh: boolean): Promise<number> {
    const before = fresh ? undefined : known.get(database);
    if (before !== undefined) return before;
    const doubt = (await readState<number>(database, 'doubt')) ?? 0;
    known.set(database, doubt);
    return doubt;
  }

  async function save(database: ConnectorDatabase, doubt: number): Promise<void> {
    known.set(database, doubt);
    await writeState(database, 'doubt', doubt);
  }

  async function raise(database: ConnectorDatabase, by: number): Promise<boolean> {
    const before = await load(database, true).catch(() => known.get(database) ?? 0);
    const after = Math.min(before + by, MOST);
    // Where it can't be kept, it is known until the app ends; what was decided stays decided.
    if (after !== before) await save(database, after).catch(() => {});
    return before < OPEN && after >= OPEN;
  }

  return {
    isWell: (database) => well.has(database),
    async isOpen(database) {
      try {
        return (await load(database, false)) >= OPEN;
      } catch {
        return false; // A table that can't be read can't take a rejection either: the policy will hold.
      }
    },
    async budget(database, certain) {
      well.delete(database);
      const doubt = await load(database, true);
      if (doubt >= OPEN) return CONFIRMATION;
      return { tries: certain ? 1 : 1 + 2 * Math.ceil(doubt / REFUSAL), minMs: 0 };
    },
    refused: (database, certain) => raise(database, certain ? CERTAIN_REFUSAL : REFUSAL),
    contradicted(database) {
      well.add(database);
      return raise(database, MOST);
    },
    async succeeded(database) {
      well.add(database);
      try {
        const doubt = await load(database, false);
        if (doubt > 0) await save(database, Math.max(0, doubt - SUCCESS));
      } catch {
        // The upload succeeded all the same; the next success tries again.
      }
    },
    async reset(database) {
      if ((await load(database, true)) > 0) await save(database, 0);
    },
  };
}
