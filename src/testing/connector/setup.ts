import type { MemoryColumns } from '../memory/rows.ts';
import type { MemoryDatabase } from '../memory-database.ts';

/** What every connector has, one of this library or of an app's own. */
export interface ContractConnector {
  fetchCredentials(): Promise<{ readonly token: string } | null>;
  // biome-ignore lint/suspicious/noExplicitAny: connectors type the database as that of their SDK.
  uploadData(database: any): Promise<void>;
}

/**
 * What becomes of a request:
 *
 * - `apply`: it is applied, but for rows that are refused, and answered as the contract says;
 * - `reply_lost`: it is applied, and the answer is lost on the way;
 * - `truncated`: the answer ends in its middle, and nothing was applied;
 * - `html`: a page with status 200, as a captive portal or a wrong address gives;
 * - `unavailable`: 503; `unauthenticated`: 401;
 * - `offline`: it does not arrive; `hang`: it is never answered.
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

/** One transaction in a request; where a request carries a single entry, that. */
export interface ReceivedTransaction {
  /** Ids of the rows that it changes, in order. */
  readonly rows: readonly string[];
  /** Its idempotency key, where the protocol has one. */
  readonly key?: string | undefined;
}

/** A backend that answers as a case wants it. `scriptedBackend()` makes one for connectors that use `fetch`. */
export interface ConnectorBackend {
  /** What becomes of the next requests, one after another. */
  answer(...answers: BackendAnswer[]): void;
  /** What becomes of the requests after those; `apply` at first. */
  otherwise: BackendAnswer;
  /** Refuses every transaction with this row for good, in the form that its contract has for that. */
  refuse(row: string): void;
  /** Called when a request has arrived, and waited for before it is applied or answered. */
  onRequest: ((transactions: readonly ReceivedTransaction[]) => unknown) | undefined;
  /** What arrived, whatever became of it. */
  readonly received: readonly ReceivedTransaction[];
  /** Rows of applied transactions, in the order in which they were applied. */
  readonly applied: readonly string[];
}

/** A sign-in that answers as a case wants it. `scriptedLogin()` makes one. */
export interface ContractLogin {
  /** The token; null while nobody is signed in; an Error while that can't be known, which is thrown. */
  token: string | null | Error;
  /** How often it was asked. */
  readonly calls: number;
}

/** A connector to be tested, and the world around it. */
export interface ConnectorSetup {
  readonly connector: ContractConnector;
  /** Empty at first. */
  readonly database: MemoryDatabase;
  readonly backend: ConnectorBackend;
  /** Where the connector gets its token; needed by the cases on credentials. */
  readonly login?: ContractLogin | undefined;
  /** Ids of the rows whose refused writes the app still has; needed by the cases on refused writes. */
  readonly kept?: (() => readonly string[] | Promise<readonly string[]>) | undefined;
  /** Lets the connector's waits after a failure be over, for example by moving its clock. */
  readonly endWaits?: (() => unknown) | undefined;
  /** The most that a call of `uploadData()` may take, in milliseconds of real time. Default 5000. */
  readonly deadlineMs?: number | undefined;
  /** Where the cases write. Default `lists`. */
  readonly table?: string | undefined;
  /** What they write, beside the id. Default `{ name: 'x' }`. */
  readonly columns?: MemoryColumns | undefined;
}
