import type { MemoryColumns } from '../memory/rows.ts';
import type { MemoryDatabase } from '../memory-database.ts';

/** The methods of a connector, whether it is one of this library or your own. */
export interface ContractConnector {
  fetchCredentials(): Promise<{ readonly token: string } | null>;
  // biome-ignore lint/suspicious/noExplicitAny: connectors type the database as that of their SDK.
  uploadData(database: any): Promise<void>;
}

/**
 * The backend's reaction to a request:
 *
 * - `apply`: applies it, except for rows that it refuses, and answers as the contract says.
 * - `reply_lost`: applies it, and the answer is lost on the way.
 * - `truncated`: applies nothing, and sends half of an answer.
 * - `html`: applies nothing, and sends a web page with status 200, like a captive portal or a wrong address.
 * - `unavailable`: answers with status 503.
 * - `unauthenticated`: answers with status 401.
 * - `offline`: never gets the request.
 * - `hang`: never answers.
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

/** One transaction in a request. If a request carries a single entry, that entry counts as a transaction. */
export interface ReceivedTransaction {
  /** Ids of the rows that the transaction changes, in order. */
  readonly rows: readonly string[];
  /** Idempotency key of the transaction, if the protocol has one. */
  readonly key?: string | undefined;
}

/** A backend that the test cases control. `scriptedBackend()` makes one for connectors that use `fetch`. */
export interface ConnectorBackend {
  /** Sets the backend's reactions to the next requests, one for each request. */
  answer(...answers: BackendAnswer[]): void;
  /** The backend's reaction to all other requests. Starts as `apply`. */
  otherwise: BackendAnswer;
  /** From now on, refuses every transaction that changes this row, for good, in the form of the backend's contract. */
  refuse(row: string): void;
  /** Called when a request has arrived. The backend waits for it before it applies or answers the request. */
  onRequest: ((transactions: readonly ReceivedTransaction[]) => unknown) | undefined;
  /** All transactions that arrived, whether they were applied or not. */
  readonly received: readonly ReceivedTransaction[];
  /** Ids of the rows of applied transactions, in the order in which they were applied. */
  readonly applied: readonly string[];
}

/** A sign-in that the test cases control. `scriptedLogin()` makes one. */
export interface ContractLogin {
  /** The token. Null if nobody is signed in. An Error is thrown, as if it weren't known who is signed in. */
  token: string | null | Error;
  /** Number of times that the connector asked for the token. */
  readonly calls: number;
}

/** The connector to test, with its database, backend and sign-in. */
export interface ConnectorSetup {
  /** The connector to test. */
  readonly connector: ContractConnector;
  /** The database that the cases write to. It must be empty. */
  readonly database: MemoryDatabase;
  /** The backend that the connector uploads to. */
  readonly backend: ConnectorBackend;
  /** The sign-in that the connector gets its token from. The cases about credentials need it. */
  readonly login?: ContractLogin | undefined;
  /** Returns the ids of rows whose refused writes the app has kept. The cases about refused writes need it. */
  readonly kept?: (() => readonly string[] | Promise<readonly string[]>) | undefined;
  /** Ends the connector's wait after a failure, for example by moving its clock. */
  readonly endWaits?: (() => unknown) | undefined;
  /**
   * Longest time that a call of `uploadData()` may take, in milliseconds of real time.
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
   * Columns that the cases write, in addition to the id.
   *
   * @default { name: 'x' }
   */
  readonly columns?: MemoryColumns | undefined;
}
