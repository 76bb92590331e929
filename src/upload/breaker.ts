import type { ConnectorDatabase } from '../database/database.ts';
import { readState, writeState } from '../database/tables.ts';
import type { RetryBudget } from '../error/upload-error.ts';
import type { Failed } from './item.ts';

// Doubt is counted in thirtieths of a refusal, so that all numbers are whole.
const REFUSAL = 30;
/** For a certain refusal ({@link isCertain}): five of them without a success in between open the breaker. */
const CERTAIN_REFUSAL = 22;
const SUCCESS = 10;
/** At this doubt and above the breaker is open. */
const OPEN = 3 * REFUSAL;
/** Doubt never goes higher: ten successes in a row close the breaker again. */
const MOST = 2 * OPEN;

/** Budget of each refusal while the breaker is open: about five rejections an hour, twenty in three hours. */
const CONFIRMATION: RetryBudget = { attempts: 6, minMs: 10 * 60_000 };

/**
 * Breaker: decides how often a refusal has to be repeated before the write is rejected.
 *
 * A bad write and a broken backend give the same answers, so a refusal is trusted only while refusals are rare. Each
 * rejection raises the doubt by one (a certain one by 22/30), each success lowers it by a third. Without doubt, one
 * refusal is enough. With doubt up to one it takes three tries in the same call, up to two five, below three seven.
 * From three on the breaker is *open*: each refusal takes six tries over at least ten minutes. So bad writes can't
 * block the queue for ever, and an outage can't empty it.
 *
 * The doubt is stored in the database, because apps are restarted during an outage.
 */
export interface Breaker {
  /** Whether the breaker is open: then every refusal takes six tries over at least ten minutes. */
  isOpen(database: ConnectorDatabase): Promise<boolean>;
  /** Whether the last answer was a success. If not, and the breaker is open, one transaction is enough as a probe. */
  isWell(database: ConnectorDatabase): boolean;
  /** How often and how long a refusal has to be repeated before the write is rejected. */
  budget(database: ConnectorDatabase, certain: boolean): Promise<RetryBudget>;
  /** A write was rejected after refusals. True if that opened the breaker. */
  refused(database: ConnectorDatabase, certain: boolean): Promise<boolean>;
  /** The backend applied something. */
  succeeded(database: ConnectorDatabase): Promise<void>;
  /**
   * The backend applied what it had refused before, so its refusals can't be trusted. True if that opened the
   * breaker.
   */
  contradicted(database: ConnectorDatabase): Promise<boolean>;
  /** Clears the doubt: the app says that the refusals were the writes' fault. */
  reset(database: ConnectorDatabase): Promise<void>;
}

/**
 * Whether a refusal is certain: the backend refused this one write in its contract's form, with a code about its
 * data.
 */
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
    // If it can't be stored, it is kept in memory. What was decided stays decided.
    if (after !== before) await save(database, after).catch(() => {});
    return before < OPEN && after >= OPEN;
  }

  return {
    isWell: (database) => well.has(database),
    async isOpen(database) {
      try {
        return (await load(database, false)) >= OPEN;
      } catch {
        return false; // If the table can't be read, the policy can't record a rejection either, and will hold.
      }
    },
    async budget(database, certain) {
      well.delete(database);
      const doubt = await load(database, true);
      if (doubt >= OPEN) return CONFIRMATION;
      return { attempts: certain ? 1 : 1 + 2 * Math.ceil(doubt / REFUSAL), minMs: 0 };
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
        // The upload has succeeded anyway. The next success tries to store it again.
      }
    },
    async reset(database) {
      if ((await load(database, true)) > 0) await save(database, 0);
    },
  };
}
