import { presentable } from '../error/presentable-cause.ts';
import type { RejectedTransaction, RejectionPolicy } from './policy.ts';
import { record } from './record.ts';

/** Reports a rejected transaction and the decision of the policy. */
export type RejectionReport = (rejected: RejectedTransaction, decision: 'complete' | 'hold') => unknown;

/**
 * A rejection policy that decides like `policy` (`record()` if it is left out), then calls `report`, so that developers
 * learn what users could not save.
 *
 * The upload doesn't wait for the report, and an error of the report only goes to `console.error`. So a report can't
 * hold or lose a write. A report may get lost when the app ends, and may come twice: recognise it by `rejected.key`. A
 * held transaction is reported once, not on every try.
 *
 * @throws TypeError if `report` or `policy` is not a function.
 *
 * @example
 * ```ts
 * import { alsoReport } from 'powersync-backend-connector/rejections';
 *
 * export const rejections = alsoReport(({ key, error, entries }, decision) =>
 *   fetch('https://api.example.com/rejected', {
 *     method: 'POST',
 *     body: JSON.stringify({ key, code: error.code, tables: entries.map(({ table }) => table), decision }),
 *   }),
 * );
 * ```
 */
export function alsoReport(report: RejectionReport, policy: RejectionPolicy = record()): RejectionPolicy {
  if (typeof report !== 'function') throw new TypeError('alsoReport(): the report must be a function.');
  if (typeof policy !== 'function') throw new TypeError('alsoReport(): the policy must be a function.');
  let last: string | undefined;
  return async (rejected, context) => {
    const decision = await policy(rejected, context);
    const step = `${decision} ${rejected.key}`;
    if (step === last) return decision;
    last = step;
    Promise.resolve()
      .then(() => report(rejected, decision))
      .catch((error: unknown) => {
        if (last === step) last = undefined; // tried again, if the transaction is
        // The error of whatever sends the report may hold the report, with row data.
        console.error('powersync-backend-connector: a report of alsoReport() failed', presentable(error));
      });
    return decision;
  };
}
