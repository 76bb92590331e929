import { optionChecks } from '../check-options.ts';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport, TransportContext } from '../transport/transport.ts';
import type { Failure } from './failure-alone.ts';
import { createProgress } from './progress.ts';
import { oneByOne, only, sendInOrder } from './send-in-order.ts';

/** What a {@link SendEntry} can use. */
export interface EntryContext extends TransportContext {
  /** Idempotency key of this entry: the key of its transaction, and its op id. Equal on every retry. */
  readonly key: string;
}

/**
 * Sends one entry. Resolve with nothing (or `applied`) if the backend applied it. Throw an `UploadError` if it didn't,
 * or return the outcome if the backend's own words (`details`) should reach the rejection policy.
 */
export type SendEntry = (
  entry: UploadEntry,
  context: EntryContext,
) => Promise<Exclude<Outcome, { readonly status: 'skipped' | 'not_attempted' }> | undefined> | Promise<void>;

/** Options of {@link perEntry}. */
export interface PerEntryOptions {
  /**
   * Number of calls that may run at the same time, a whole number from 1. With 1, entries are sent in queue order. With
   * more, different rows are written in parallel and out of order, but never two entries of the same row: only for
   * tables that don't refer to each other.
   *
   * @default 1
   */
  readonly concurrency?: number | undefined;
}

/**
 * A transport that calls `send` once for each entry, in queue order. For backends with a procedure or a mutation for
 * each kind of change.
 *
 * A transaction isn't atomic then. If an entry fails, the entries that were applied before it are remembered: a retry
 * continues behind them, and a rejection lists them (`appliedEntries`). They are remembered in memory only, so after a
 * restart of the app applied entries may be sent again. The backend must accept a repeat, by `key` or because the
 * result is the same.
 *
 * @throws TypeError if `send` is not a function, or an option is unknown or out of range.
 *
 * @example
 * ```ts
 * import { UploadError } from 'powersync-backend-connector';
 * import { perEntry } from 'powersync-backend-connector/combine';
 *
 * declare const convex: { mutation(name: string, args: object): Promise<unknown> };
 *
 * const names = { PUT: 'create', PATCH: 'update', DELETE: 'remove' } as Record<string, string>;
 *
 * export const transport = perEntry(async ({ op, table, id, opData }) => {
 *   try {
 *     await convex.mutation(`${table}:${names[op]}`, { ...opData, uuid: id });
 *   } catch (error) {
 *     const { code } = (error as { data?: { code?: string } }).data ?? {};
 *     if (op === 'DELETE' && code === 'NOT_FOUND') return; // already gone
 *     if (code === 'NOT_FOUND') throw new UploadError('not_found', 'The row is gone.');
 *     if (code === 'NOT_AUTHORIZED') throw new UploadError('forbidden', 'Not allowed.');
 *     throw error; // anything else is retried
 *   }
 * });
 * ```
 */
export function perEntry(send: SendEntry, options: PerEntryOptions = {}): Transport {
  const { concurrency = 1, ...others } = options;
  const { fn, count, noOthers } = optionChecks('perEntry');
  fn('send', send);
  noOthers('', others);
  count('concurrency', concurrency);
  const progress = createProgress();
  return ({ transactions }, context) =>
    sendInOrder(transactions, context, {
      progress,
      concurrency,
      requests: oneByOne,
      async send(entries) {
        const { entry, key } = only(entries);
        return failureIn(await send(entry, withKey(context, key)));
      },
    });
}

function failureIn(outcome: unknown): Failure | undefined {
  if (outcome === undefined) return undefined;
  const { status } = Object(outcome);
  if (status === 'applied') return undefined;
  if (status === 'rejected' || status === 'retry') return outcome as Failure;
  throw new UploadError(
    'misconfigured',
    'The function of perEntry() must return nothing, or an outcome. The writes stay queued.',
  );
}

function withKey(context: TransportContext, key: string): EntryContext {
  return { ...context, key };
}
