import type { ResolvedOptions } from '../options.ts';
import { UploadError } from '../outcome/upload-error.ts';
import { defaultVerdict, type Verdict } from '../outcome/verdict.ts';
import type { CrudEntryLike } from '../queue/database.ts';
import type { Prepared } from '../transform.ts';
import type { Call, Parts } from '../upload.ts';
import { budgetIsSpent } from './ambiguity.ts';
import type { Judge } from './deliver.ts';
import type { SettleRules } from './settle.ts';

/** The verdict on a failure: the app's, or else the default. */
export function judgeWith({ classify }: ResolvedOptions): Judge {
  return (error, inBand, details) => {
    const { code, status } = error;
    // Neither says anything of the write.
    if (code === 'aborted' || code === 'unauthenticated') return { error, verdict: 'retry' };
    try {
      const verdict = classify({ code, status, error, details, inBand }) ?? defaultVerdict(code);
      if (VERDICTS.includes(verdict)) return { error, verdict };
      throw new UploadError('misconfigured', 'classify() returned something that is no verdict.');
    } catch (thrown) {
      return { error: UploadError.from(thrown), verdict: 'retry' };
    }
  };
}

const VERDICTS: readonly Verdict[] = ['retry', 'reject', 'ambiguous', 'hold'];

/** What settling does to the outside: tells the breaker, counts tries, asks the rejection policy. */
export function settleRules(
  { options, breaker, publisher }: Parts,
  { database, deadline, owner }: Call,
  raw: readonly (readonly CrudEntryLike[])[],
  prepared: readonly Prepared[],
): SettleRules {
  const { retry, clock } = options;
  return {
    budgetIsSpent(index, { error }) {
      const budget = retry.ambiguous === false ? undefined : (retry.ambiguous ?? error.budget);
      return budgetIsSpent(database, prepared[index]?.transaction.key ?? '', budget, clock());
    },
    mayReject: () => breaker.isClosed(database, true),
    async tell(applied) {
      if (await breaker.count(database, applied)) publisher.publish({ type: 'breaker' });
    },
    async decide(index, failed) {
      const entries = raw[index] ?? [];
      const sent = prepared[index]?.transaction;
      const { error, details, needsDecision = false } = failed;
      const key = sent?.key ?? '';
      // The backend counts the entries it was sent; the policy sees the raw ones.
      const rawIndex = (index: number | undefined): number =>
        entries.findIndex(({ clientId }) => clientId === sent?.entries[index ?? -1]?.clientId);
      const position = rawIndex(failed.entryIndex);
      const entryIndex = position < 0 ? undefined : position;
      const appliedEntries = failed.appliedEntries?.map(rawIndex).filter((each) => each >= 0);
      const transactionId = sent?.transactionId;
      let held: UploadError | undefined;
      try {
        deadline.check();
        const answer = await deadline.race(
          options.rejections(
            {
              key,
              transactionId,
              entries,
              error,
              entryIndex,
              appliedEntries,
              details,
              needsDecision,
              owner,
            },
            { database, now: clock() },
          ),
        );
        if (answer !== 'complete') held = error;
      } catch (cause) {
        if (deadline.error) return { error: deadline.error, hold: false }; // No time left to ask: the next call does.
        held = new UploadError(
          'unknown',
          'The rejection policy failed, so the rejected transaction is held.',
          { cause },
        );
      }
      const tables = [...new Set(entries.map(({ table }) => table))];
      const decision = held ? 'hold' : 'complete';
      publisher.publish({ type: 'rejected', key, code: error.code, tables, entryIndex, decision });
      return held && { error: held, hold: true };
    },
  };
}
