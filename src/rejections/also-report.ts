import { presentable } from '../error/presentable-cause.ts';
import type { RejectedTransaction, RejectionPolicy } from '../transport/rejection-policy.ts';
import { record } from './record.ts';

/** Tells somebody of a rejected transaction, and what the policy decided. */
export type RejectionReport = (rejected: RejectedTransaction, decision: 'complete' | 'hold') => unknown;

/**
 * Decides as `policy` does (default: `record()`), then reports, so that developers learn of what users could not save.
 *
 * The upload doesn't wait for the report, and a report that fails only goes to `console.error`: neither can hold or
 * lose a write. So a report may be lost with the app, and may come twice; `rejected.key` tells. Of a held transaction it
 * is called once, not on every attempt.
 *
 * @throws TypeError when either is no function.
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
        // What sends the report may keep it in its error, with the row.
        console.error('powersync-backend-connector: a report of alsoReport() failed', presentable(error));
      });
    return decision;
  };
}
