import type { UploadTransaction } from '../queue/transaction.ts';
import type { Outcome } from './outcome.ts';
import type { PlatformAbortSignal } from './platform.ts';

/** Whole transactions that are sent together, in queue order. Never empty. */
export interface UploadBatch {
  readonly transactions: readonly UploadTransaction[];
}

/** What a transport may use while it delivers a batch. */
export interface TransportContext {
  /** Aborted at the call's deadline (`retry.timeoutMs`) and by `close()`. Pass it to `fetch`. */
  readonly signal: PlatformAbortSignal;
  /** 1 for the first try of the transactions at the queue's head, counted up while they are retried. */
  readonly attempt: number;
  /** Milliseconds until `signal` is aborted at the latest: for protocols that tell the backend their deadline. */
  timeLeftMs?(): number;
  /** The database's client id (`getClientId()`). */
  readonly clientId: string;
  /**
   * The current JWT; undefined when the user is signed out. Throws when credentials can't be had now.
   *
   * A token that was asked for here is refreshed once for each upload, and what was refused sent again, when the transport
   * throws an `UploadError` with code `unauthenticated` or `forbidden`, or reports it of a transaction.
   */
  token(): Promise<string | undefined>;
  /** Tells what the backend's clock shows (epoch milliseconds), so that the expiry of tokens is read by it. */
  serverTime?(epochMs: number): void;
}

/**
 * Delivers one batch (an *upload transport*): returns one {@link Outcome} per transaction, in order, and throws an
 * `UploadError` where nothing is known of any of them.
 *
 * - It must not report `applied` unless the backend answered so in the form of its contract.
 * - What it did not send, because it didn't fit, is `not_attempted`; the first transaction must be attempted.
 * - Anything else that it throws counts as `unknown`, and the batch is kept.
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
  /** Where it sends to; used only to warn about a wrong set-up. */
  readonly url?: string;
}
