import { failureAlone } from '../combine/failure-alone.ts';
import { UNCLASSIFIED_BUDGET } from '../contract/read-results.ts';
import { type RetryBudget, UploadError } from '../error/upload-error.ts';
import type { JsonAnswer } from '../http/json-answer.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport, TransportContext } from '../transport/transport.ts';

/** Reads something from the backend's database. True if it could be read, false in an outage, undefined if nobody knows. */
export type IsUp = (entry: UploadEntry, context: TransportContext) => Promise<boolean | undefined>;

/** For a failure that may be an outage as well as a bad row. */
export const UNKNOWN_CAUSE: RetryBudget = { attempts: 10, minMs: 3_600_000 };

/** The error for a 500 without a reason. {@link askAfter500} finds out whether it speaks of the row. */
export function unexplained({ status, headers }: JsonAnswer): UploadError {
  const { retryAfterMs } = UploadError.fromResponse({ status, headers });
  return new UploadError(
    'unclassified',
    'The backend failed without a reason, but its database can be read. So it may be the write that it fails on: the write is ' +
      'tried for 10 minutes, then rejected.',
    { status, retryAfterMs, budget: UNCLASSIFIED_BUDGET },
  );
}

/**
 * For backends that answer the same 500 to a bad row and to an outage. After a 500 ({@link unexplained}), something is
 * read. If it can be read, the 500 speaks of the row. In an outage, the write stays queued. If the read was refused, nobody
 * knows: the write is tried for an hour.
 */
export function askAfter500(transport: Transport, isUp: IsUp): Transport {
  const asking: Transport = async ({ transactions }, context) => {
    const outcomes: Outcome[] = [...(await transport({ transactions }, context))];
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status !== 'rejected') continue;
      const { error, entryIndex = 0 } = outcome;
      const entry = transactions[index]?.entries[entryIndex];
      if (error.code !== 'unclassified' || error.status !== 500 || !entry) continue;
      const isRead = await isUp(entry, context).catch(byError);
      if (isRead === false) outcomes[index] = { status: 'retry', error: outage(error), inBand: false };
      if (isRead === undefined) outcomes[index] = { ...outcome, error: unknownCause(error) };
    }
    return outcomes;
  };
  return Object.assign(asking, transport);
}

/** What an answer to the read says, if it isn't what was asked for. */
export function byStatus({ status }: JsonAnswer): false | undefined {
  return status >= 500 || [401, 408, 429].includes(status) ? false : undefined;
}

function byError(thrown: unknown): boolean | undefined {
  const { code, status } = failureAlone(thrown).error; // rethrows what has to end the whole call
  if (code !== 'misconfigured') return false;
  return status === 200 ? true : undefined; // An answer that is too long to be read was read from the database.
}

function unknownCause({ status, retryAfterMs }: UploadError): UploadError {
  return new UploadError(
    'unclassified',
    'The backend failed without a reason, and refuses the read that would show whether it is down. The write is tried for an ' +
      'hour, then rejected.',
    { status, retryAfterMs, budget: UNKNOWN_CAUSE },
  );
}

function outage({ status, retryAfterMs }: UploadError): UploadError {
  return new UploadError(
    'unavailable',
    `The backend answered with HTTP status ${status}, and nothing can be read from it. The writes stay queued.`,
    { status, retryAfterMs },
  );
}
