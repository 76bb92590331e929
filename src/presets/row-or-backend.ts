import { failureAlone } from '../combine/failure-alone.ts';
import { UNCLASSIFIED_BUDGET } from '../contract/read-results.ts';
import { UploadError } from '../error/upload-error.ts';
import type { JsonAnswer } from '../http/json-answer.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport, TransportContext } from '../transport/transport.ts';

/** Reads something from the backend's database, and returns whether it could be read. */
export type IsUp = (entry: UploadEntry, context: TransportContext) => Promise<boolean>;

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
 * read. If it can be read, the 500 speaks of the row. If not, it is an outage, and the write stays queued.
 */
export function askAfter500(transport: Transport, isUp: IsUp): Transport {
  const asking: Transport = async ({ transactions }, context) => {
    const outcomes: Outcome[] = [...(await transport({ transactions }, context))];
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status !== 'rejected') continue;
      const { error, entryIndex = 0 } = outcome;
      const entry = transactions[index]?.entries[entryIndex];
      if (error.code !== 'unclassified' || error.status !== 500 || !entry) continue;
      if (await isUp(entry, context).catch(notUp)) continue;
      outcomes[index] = { status: 'retry', error: outage(error), inBand: false };
    }
    return outcomes;
  };
  return Object.assign(asking, transport);
}

function notUp(thrown: unknown): boolean {
  failureAlone(thrown); // rethrows what has to end the whole call
  return false;
}

function outage({ status, retryAfterMs }: UploadError): UploadError {
  return new UploadError(
    'unavailable',
    `The backend answered with HTTP status ${status}, and nothing can be read from it. The writes stay queued.`,
    { status, retryAfterMs },
  );
}
