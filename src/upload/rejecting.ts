import type { ConnectorDatabase } from '../database/database.ts';
import { UploadError } from '../error/upload-error.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Owner } from '../queue/owner-borders.ts';
import type { RejectedTransaction } from '../rejections/policy.ts';
import { record } from '../rejections/record.ts';
import type { Publisher } from '../status/publisher.ts';
import type { Deadline } from '../time/deadline.ts';
import type { Failed, Item, Stop } from './item.ts';

/** Asks the rejection policy, and remembers the questions until they are answered. */
export interface Rejecting {
  /** The failure of a transaction that an earlier call left to the policy, if the policy hasn't answered yet. */
  asked(key: string): Failed | undefined;
  /** Asks the policy. Returns undefined if the transaction leaves the queue, or else why it stays. */
  decide(item: Item, failed: Failed, about: RejectedBy): Promise<Stop | undefined>;
  /** Leaves a transaction that can't be kept to the next call: it isn't sent again before the policy was asked. */
  postpone(key: string, failed: Failed): void;
  /** Resolves when no policy call is running any more, or after `abandon()`. */
  idle(): Promise<void>;
  /** Aborts the signal of running policy calls, so that they don't write to the database, and forgets all questions. */
  abandon(): void;
}

/** A question to the policy about one transaction. Without `answer`, there was no time left to ask it. */
interface Asked {
  readonly failed: Failed;
  readonly cannotWait: boolean;
  readonly answer?: Promise<unknown>;
}

export interface RejectedBy {
  readonly database: ConnectorDatabase;
  readonly deadline: Deadline;
  readonly owner: Owner;
  readonly cannotWait: boolean;
  readonly mayBeApplied: boolean;
}

export function createRejecting({ rejections, clock }: ResolvedOptions, publisher: Publisher): Rejecting {
  // One policy call for each transaction, even if it takes longer than the upload that asked. Asking again would mean
  // to
  // send the write again first, and it might be applied after it was recorded as rejected.
  const pending = new Map<string, Asked>();
  const recordAnyway = record();
  let abandoned = new AbortController();

  function ask(rejected: RejectedTransaction, failed: Failed, database: ConnectorDatabase): Promise<unknown> {
    const before = pending.get(rejected.key);
    if (before?.answer) return before.answer;
    const context = { database, now: clock(), signal: abandoned.signal };
    const answer = Promise.resolve().then(() => rejections(rejected, context));
    pending.set(rejected.key, { failed, cannotWait: rejected.cannotWait ?? false, answer });
    return answer;
  }

  function postpone(key: string, failed: Failed): void {
    if (!pending.has(key)) pending.set(key, { failed, cannotWait: true });
  }

  return {
    postpone,
    asked: (key) => pending.get(key)?.failed,

    async decide(item, failed, { database, deadline, ...about }) {
      const { error, needsDecision = false, details } = failed;
      const { raw, transaction } = item;
      const { key } = transaction;
      // Only the call that asked first saw whether the backend applied writes behind it.
      const { cannotWait } = pending.get(key) ?? about;
      const rejected: RejectedTransaction = {
        key,
        transactionId: transaction.transactionId,
        entries: raw,
        error,
        ...entriesAtFault(item, failed),
        details,
        needsDecision,
        ...about,
        cannotWait,
      };
      let held: UploadError | undefined;
      try {
        deadline.check();
        const answer = await deadline.race(ask(rejected, failed, database));
        if (answer === 'hold') held = error;
        else if (answer !== 'complete') {
          held = new UploadError(
            'misconfigured',
            'The rejection policy must return "complete" or "hold" (pass hold(), not hold). Until it does, the rejected transaction is held.',
            { cause: error },
          );
        }
      } catch (cause) {
        if (deadline.error) {
          if (cannotWait) postpone(key, failed); // No time left to ask: the next call will.
          return { error: deadline.error, hold: false };
        }
        held = new UploadError(
          'unknown',
          'The rejection policy failed (see cause), so the rejected transaction is held.',
          { cause },
        );
      }
      pending.delete(key);
      if (held && cannotWait) {
        const context = { database, now: clock(), signal: abandoned.signal };
        try {
          if ((await recordAnyway({ ...rejected, needsDecision: true }, context)) === 'complete')
            held = undefined;
        } catch {
          postpone(key, failed); // It wasn't recorded, so it stays, and the policy is asked again.
        }
      }
      publisher.publish({
        type: 'rejected',
        key,
        code: error.code,
        tables: [...new Set(raw.map(({ table }) => table))],
        entryIndex: rejected.entryIndex,
        decision: held ? 'hold' : 'complete',
      });
      return held && { error: held, hold: true };
    },

    async idle() {
      const answers = [...pending.values()].flatMap(({ answer }) => answer ?? []);
      if (answers.length === 0) return;
      const { signal } = abandoned;
      const nobodyWaits = new Promise((resolve) => signal.addEventListener('abort', resolve));
      await Promise.race([Promise.allSettled(answers), nobodyWaits]);
    },

    abandon() {
      abandoned.abort();
      abandoned = new AbortController();
      pending.clear();
    },
  };
}

/** Converts indexes of the entries that were sent into indexes of the raw entries, which the policy gets. */
function entriesAtFault(
  { raw, transaction }: Item,
  failed: Failed,
): Pick<RejectedTransaction, 'entryIndex' | 'appliedEntries'> {
  const rawIndex = (index: number | undefined): number =>
    raw.findIndex(({ clientId }) => clientId === transaction.entries[index ?? -1]?.clientId);
  const entryIndex = rawIndex(failed.entryIndex);
  return {
    entryIndex: entryIndex < 0 ? undefined : entryIndex,
    appliedEntries: failed.appliedEntries?.map(rawIndex).filter((each) => each >= 0),
  };
}
