import type { MockTables } from './tables.ts';

/** One change of one row, as the mock read it from a request. */
export interface MockEntry {
  readonly op: 'PUT' | 'PATCH' | 'DELETE';
  readonly table: string;
  readonly id: string;
  readonly opData?: Readonly<Record<string, unknown>> | undefined;
  readonly previousValues?: Readonly<Record<string, unknown>> | undefined;
  readonly metadata?: string | undefined;
}

/** One transaction, as the mock read it from a request. If the transport sends single entries, one entry. */
export interface MockTransaction {
  /** The idempotency key, if the request has one. */
  readonly key?: string | undefined;
  readonly transactionId?: number | undefined;
  readonly entries: readonly MockEntry[];
}

/** A request that reached the mock. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body parsed as JSON, or its text if it isn't JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent, for the test to look at.
  readonly body: any;
  /** The transactions in it; empty if it doesn't follow the contract. */
  readonly transactions: readonly MockTransaction[];
  /** HTTP status of the answer; undefined if there is none yet, or if it was lost. */
  readonly status: number | undefined;
}

/** A request as contracts read it. */
export interface MockRequest {
  readonly method: string;
  readonly url: string;
  /** What stands behind the mock's own url, the query included. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The JSON in `text`; undefined where it is none. */
  readonly body: unknown;
}

export interface MockAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Why a transaction is refused. */
export interface MockRejection {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
  /** HTTP status, for contracts that refuse by one. */
  readonly status?: number | undefined;
  readonly needsDecision?: boolean | undefined;
}

/** What became of one transaction. */
export type MockResult =
  | {
      readonly status: 'applied';
      /** Entries that found a row, or made one; of a replay, all. */
      readonly written: number;
    }
  | { readonly status: 'rejected'; readonly rejection: MockRejection; readonly entryIndex: number }
  | { readonly status: 'retry'; readonly retryAfterMs?: number | undefined }
  | { readonly status: 'not_attempted' };

/** What a request asks to write, with what became of it. */
export interface Executed {
  readonly request: MockRequest;
  readonly transactions: readonly MockTransaction[];
  readonly results: readonly MockResult[];
  readonly tables: MockTables;
}

/** A wire format: how requests are read, and answers written. Pure. */
export interface MockContract {
  /** The name of the factory, for messages. */
  readonly who: string;
  /** Whether addresses behind the url belong to it too. */
  readonly isPrefix?: boolean;
  /** What `atomic` rolls back: each transaction, or all that came in one request. */
  readonly unit: 'transaction' | 'request';
  /** Reads a request; an answer is a refusal of the whole of it. */
  read(request: MockRequest): readonly MockTransaction[] | MockAnswer;
  /** Refuses an entry that fits no row, in contracts that do. */
  rule?(entry: MockEntry, exists: boolean, request: MockRequest): MockRejection | undefined;
  answer(executed: Executed): MockAnswer;
  /** An answer with the wrong number of results, in contracts that have one for each transaction. */
  miscount?(executed: Executed): MockAnswer;
  /** A refusal of the whole request, by HTTP status. */
  refusal(status: number, message: string): MockAnswer;
}

export function isAnswer(read: readonly MockTransaction[] | MockAnswer): read is MockAnswer {
  return 'status' in read;
}
