import type { Transport } from '../../transport/transport.ts';

/**
 * A way in which one request fails.
 *
 * - `offline`: the connection breaks before the backend has the request.
 * - `lost-reply`: the backend applies the request, and the connection breaks before its answer.
 * - `broken-reply`: the same in the middle of the answer.
 * - `cut-reply`: the backend applies the request; half of the answer arrives, and looks whole.
 * - `no-reply`: nothing ever comes, and the backend never gets the request.
 * - `server-error`: an error of the server's own (HTTP 500, gRPC INTERNAL); nothing is applied.
 * - `unavailable`: the server is there and can't now (HTTP 503, gRPC UNAVAILABLE); nothing is applied.
 * - `unauthenticated`: the token is refused (HTTP 401, gRPC UNAUTHENTICATED).
 * - `web-page`: a success with a web page, as of a captive portal; the backend never gets the request.
 * - `empty-answer`: a success that says nothing; the backend never gets the request.
 * - `foreign-answer`: a success in JSON that isn't of this contract; the backend never gets the request.
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

/** What a case of the contract needs: a fault that the harness can make, or that the transport sends a token. */
export type ContractNeed = TransportFault | 'token';

/** Where the contract writes. Each of its three columns takes null; a PUT that leaves one out leaves it null. */
export interface ContractTable {
  readonly name: string;
  /** Name of a column for any text. */
  readonly text: string;
  /** Name of another one. */
  readonly note: string;
  /** Name of a column for whole numbers up to 2^53 and fractions. */
  readonly amount: string;
  /** Columns that each PUT must carry besides. */
  readonly always?: Readonly<Record<string, unknown>> | undefined;
  /** Columns that the backend refuses in a PUT or PATCH for their values, as data and not for now: a failed check. */
  readonly refused: Readonly<Record<string, unknown>>;
}

/** The real backend behind the transport, and the way there. */
export interface ContractBackend {
  /** Every row of the table as it is stored now, with `id` and the columns; others don't matter. */
  rows(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** How many requests have left the transport, whatever became of them. */
  requests(): number;
  /**
   * How many requests or transactions the backend has executed and stored, replays that it recognised not counted. Leave it
   * out where the backend can't tell.
   */
  executions?(): number | Promise<number>;
  /** Lets the next request, and only that, fail in this way. Kinds that the harness can't make are left out. */
  readonly faults: Readonly<Partial<Record<TransportFault, () => void | Promise<void>>>>;
}

/** What {@link transportContract} runs a transport with. Make a new one for each case: an empty table, no fault pending. */
export interface TransportHarness {
  /** Makes the transport. A second one stands for the app after a restart: it remembers nothing of the first. */
  createTransport(): Transport;
  /** A token that the backend takes; it must refuse any other. Leave it out if the transport sends none. */
  token?(): Promise<string>;
  readonly table: ContractTable;
  readonly backend: ContractBackend;
  /** Whether a transaction is applied as a whole or not at all. */
  readonly atomic: boolean;
  /** Whether a transaction with a key that was applied before isn't applied again, also after a restart of the app. */
  readonly idempotent: boolean;
}
