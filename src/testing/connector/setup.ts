import type { MemoryColumns } from '../memory/rows.ts';
import type { MemoryDatabase } from '../memory-database.ts';

/** The part of a connector that is tested. */
export interface ContractConnector {
  fetchCredentials(): Promise<{ readonly token: string } | null>;
  // biome-ignore lint/suspicious/noExplicitAny: connectors type the database as that of their SDK.
  uploadData(database: any): Promise<void>;
}

/**
 * What happens to a request:
 *
 * - `apply`: it is applied, except for rows that are refused, and answered according to the protocol.
 * - `reply_lost`: it is applied, and the answer is lost.
 * - `truncated`: half of the answer arrives, and nothing was applied.
 * - `html`: a web page with status 200, as from a captive portal or a wrong address.
 * - `unavailable`: 503.
 * - `unauthenticated`: 401.
 * - `offline`: it doesn't arrive.
 * - `hang`: it is never answered.
 */
export type BackendAnswer =
  | 'apply'
  | 'reply_lost'
  | 'truncated'
  | 'html'
  | 'unavailable'
  | 'unauthenticated'
  | 'offline'
  | 'hang';

/** One transaction in a request, or a single entry if requests carry single entries. */
export interface ReceivedTransaction {
  /** Ids of the rows that it changes, in order. */
  readonly rows: readonly string[];
  /** Its idempotency key, if the protocol has one. */
  readonly key?: string | undefined;
}

/** A backend that answers as each case asks for. `scriptedBackend()` makes one for connectors that use `fetch`. */
export interface ConnectorBackend {
  /** Sets what happens to the next requests, one after another. */
  answer(...answers: BackendAnswer[]): void;
  /** What happens to the requests after those; at first `apply`. */
  otherwise: BackendAnswer;
  /** From now on, refuses every transaction with this row for good, in the form of the protocol. */
  refuse(row: string): void;
  /** Called when a request has arrived, and awaited before it is applied or answered. */
  onRequest: ((transactions: readonly ReceivedTransaction[]) => unknown) | undefined;
  /** The transactions that arrived, no matter what happened to them. */
  readonly received: readonly ReceivedTransaction[];
  /** Ids of the rows of applied transactions, in the order in which they were applied. */
  readonly applied: readonly string[];
}

/** A sign-in that answers as each case asks for. `scriptedLogin()` makes one. */
export interface ContractLogin {
  /** The token; null while nobody is signed in; an Error while that can't be known: then it is thrown. */
  token: string | null | Error;
  /** Number of requests for a token. */
  readonly calls: number;
}

/** The connector to test, and everything around it. */
export interface ConnectorSetup {
  readonly connector: ContractConnector;
  /** The database that the connector uploads. It must be empty. */
  readonly database: MemoryDatabase;
  readonly backend: ConnectorBackend;
  /** Where the connector gets its token. Needed for the cases with `needs: 'login'`. */
  readonly login?: ContractLogin | undefined;
  /** Returns the ids of the rows whose refused writes the app still has. Needed for the cases with `needs: 'kept'`. */
  readonly kept?: (() => readonly string[] | Promise<readonly string[]>) | undefined;
  /** Called after a failure, to end the connector's wait, for example by moving its clock. */
  readonly endWaits?: (() => unknown) | undefined;
  /**
   * Longest time that one call of `uploadData()` may take, in milliseconds of real time.
   *
   * @default 5_000
   */
  readonly deadlineMs?: number | undefined;
  /**
   * Table that the cases write to.
   *
   * @default 'lists'
   */
  readonly table?: string | undefined;
  /**
   * Columns that the cases write, besides the id.
   *
   * @default { name: 'x' }
   */
  readonly columns?: MemoryColumns | undefined;
}
