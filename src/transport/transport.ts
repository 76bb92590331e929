import type { UploadTransaction } from '../queue/transaction.ts';
import type { Outcome } from './outcome.ts';
import type { PlatformAbortSignal } from './platform.ts';

/** Whole transactions that are sent together, in queue order. Never empty, and all of the same owner. */
export interface UploadBatch {
  readonly transactions: readonly UploadTransaction[];
}

/** What a transport can use while it sends a batch. */
export interface TransportContext {
  /** Aborted at the call's deadline (`retry.timeoutMs`) and by `close()`. Pass it to `fetch`. */
  readonly signal: PlatformAbortSignal;
  /** Number of this try of the transactions at the head of the queue, from 1. */
  readonly attempt: number;
  /** Milliseconds until the call's deadline. For protocols that send their deadline to the backend. */
  timeLeftMs?(): number;
  /** The database's client id (`getClientId()`). */
  readonly clientId: string;
  /**
   * Returns the current JWT; undefined if nobody is signed in.
   *
   * If the backend refuses the token, throw an `UploadError` with code `unauthenticated` or `forbidden`, or report it
   * in the outcome of a transaction. The connector then refreshes the token and sends what was refused again, once in
   * each upload.
   *
   * @throws UploadError if no token can be had now. Let it pass through.
   */
  token(): Promise<string | undefined>;
  /** Tells the connector the backend's time, in epoch milliseconds. The expiry of tokens is then read by that clock. */
  serverTime?(epochMs: number): void;
}

/**
 * Transport: sends one batch to the backend. Returns one {@link Outcome} for each transaction, in order. Throws an
 * `UploadError` if the result of all of them is unknown, or if the whole request was refused.
 *
 * - Report `applied` only if the backend answered so in the form of its contract.
 * - Report `not_attempted` for transactions that you didn't send, for example because they didn't fit. The first one
 *   must be sent.
 * - Any other thrown error is read with `UploadError.from()`. One that isn't recognised counts as `unknown`, and the
 *   batch stays queued.
 *
 * @example
 * ```ts
 * import { UploadError, type Transport } from 'powersync-backend-connector';
 *
 * export const myBackend: Transport = async (batch, { signal, token }) => {
 *   const response = await fetch('https://api.example.com/writes', {
 *     method: 'POST',
 *     signal,
 *     headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
 *     body: JSON.stringify(batch.transactions.map(({ key, entries }) => ({ key, entries }))),
 *   });
 *   if (!response.ok) throw UploadError.fromResponse(response);
 *   return batch.transactions.map(() => ({ status: 'applied' }));
 * };
 * ```
 */
export interface Transport {
  (batch: UploadBatch, context: TransportContext): Promise<readonly Outcome[]>;
  /** URL that it sends to. Used only to warn if the option `endpoint` is set to it by mistake. */
  readonly url?: string;
}
