import { optionChecks } from '../check-options.ts';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport, TransportContext } from '../transport/transport.ts';
import type { Failure } from './failure-alone.ts';
import { createProgress } from './progress.ts';
import { oneByOne, only, sendInOrder } from './send-in-order.ts';

/** What a {@link SendEntry} may use. */
export interface EntryContext extends TransportContext {
  /** Idempotency key of this entry: that of its transaction, and its op id. Equal on every retry. */
  readonly key: string;
}

/**
 * Sends one entry. Resolving with nothing (or `applied`) means that the backend applied it; throw an `UploadError` where
 * it didn't, or return the outcome where the backend's own words are to reach the rejection policy.
 */
export type SendEntry = (
  entry: UploadEntry,
  context: EntryContext,
) => Promise<Exclude<Outcome, { readonly status: 'not_attempted' }> | undefined> | Promise<void>;

export interface PerEntryOptions {
  /**
   * Requests under way at once. Default 1: everything in the order of the queue. With more, rows are written in parallel
   * and so not in order, but never two entries of one row: only for tables that don't refer to each other.
   */
  readonly concurrency?: number | undefined;
}

/**
 * A transport that makes one call for each entry, in order: for backends with a procedure or a mutation per change.
 *
 * A transaction isn't atomic then. When an entry fails, what was applied before it is remembered, so that a retry goes on
 * behind it, and a rejection tells of it (`appliedEntries`). After a restart of the app applied entries may be sent once
 * more: let the backend take a replay, by `key` or because its writes are absolute.
 *
 * @throws TypeError if `send` is no function, or an option is misspelt or out of range.
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
  throw new UploadError('misconfigured', 'What sends an entry must return nothing, or an outcome.');
}

function withKey(context: TransportContext, key: string): EntryContext {
  return { ...context, key };
}
