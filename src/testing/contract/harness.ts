import type { Transport } from '../../transport/transport.ts';

/**
 * A way in which one request fails.
 *
 * - `offline`: the connection breaks before the backend has the request.
 * - `lost-reply`: the backend applies the request, and the connection breaks before its answer.
 * - `broken-reply`: the backend applies the request, and the connection breaks in the middle of its answer.
 * - `cut-reply`: the backend applies the request. Half of the answer arrives, and looks complete.
 * - `no-reply`: there is never an answer, and the backend never gets the request.
 * - `server-error`: an error of the server itself (HTTP 500, gRPC INTERNAL); nothing is applied.
 * - `unavailable`: the server can't handle the request now (HTTP 503, gRPC UNAVAILABLE); nothing is applied.
 * - `unauthenticated`: the token is refused (HTTP 401, gRPC UNAUTHENTICATED).
 * - `web-page`: a success with a web page, as from a captive portal; the backend never gets the request.
 * - `empty-answer`: a success with an empty answer; the backend never gets the request.
 * - `foreign-answer`: a success in JSON that doesn't follow the contract; the backend never gets the request.
 */
export type TransportFault =
  | 'offline'
  | 'lost-reply'
  | 'broken-reply'
  | 'cut-reply'
  | 'no-reply'
  | 'server-error'
  | 'unavailable'
  | 'unauthenticated'
  | 'web-page'
  | 'empty-answer'
  | 'foreign-answer';

/**
 * A need of a case: a fault that the harness can make, or `token` if the transport must send a token.
 */
export type ContractNeed = TransportFault | 'token';

/**
 * The table that the cases write to. Its three columns must accept null. A PUT that leaves one out must leave it null.
 */
export interface ContractTable {
  readonly name: string;
  /** Name of a column for any text. */
  readonly text: string;
  /** Name of another column for any text. */
  readonly note: string;
  /** Name of a column for integers up to 2^53 and for fractions. */
  readonly amount: string;
  /**
   * Further columns that each PUT must have.
   *
   * @default none
   */
  readonly always?: Readonly<Record<string, unknown>> | undefined;
  /** Columns with values that the backend refuses for good in a PUT or PATCH, for example because a check fails. */
  readonly refused: Readonly<Record<string, unknown>>;
}

/** The real backend behind the transport, and the connection to it. */
export interface ContractBackend {
  /**
   * Returns every row of the table as it is stored now, with `id` and the three columns. Further columns don't matter.
   */
  rows(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Returns the number of requests that the transport has sent, no matter what happened to them. */
  requests(): number;
  /**
   * Returns the number of requests or transactions that the backend has executed and stored, without replays that it
   * recognised. Leave this out if the backend can't count them.
   */
  executions?(): number | Promise<number>;
  /**
   * Functions that make the next request, and only that one, fail in this way. Leave out the kinds that the harness
   * can't make.
   */
  readonly faults: Readonly<Partial<Record<TransportFault, () => void | Promise<void>>>>;
}

/**
 * The set-up in which {@link transportContract} tests a transport. Make a new one for each case, with an empty table
 * and no pending fault.
 */
export interface TransportHarness {
  /**
   * Makes the transport. A second one stands for the app after a restart, so it must not share state with the first.
   */
  createTransport(): Transport;
  /**
   * Returns a token that the backend accepts. The backend must refuse any other. Leave this out if the transport sends
   * no token.
   */
  token?(): Promise<string>;
  readonly table: ContractTable;
  readonly backend: ContractBackend;
  /** True if a transaction is applied as a whole or not at all. */
  readonly atomic: boolean;
  /** True if a transaction whose key comes again isn't applied again, even after a restart of the app. */
  readonly idempotent: boolean;
}
