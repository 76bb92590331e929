import type { MockTables } from './tables.ts';

/** One change of one row, as the mock read it from a request. */
export interface MockEntry {
  /** Operation on the row. */
  readonly op: 'PUT' | 'PATCH' | 'DELETE';
  /** Name of the table. */
  readonly table: string;
  /** Id of the row. */
  readonly id: string;
  /** Columns that were written. */
  readonly opData?: Readonly<Record<string, unknown>> | undefined;
  /** Previous values of the row, if the request carries them. */
  readonly previousValues?: Readonly<Record<string, unknown>> | undefined;
  /** Metadata of the entry, if the request carries it. */
  readonly metadata?: string | undefined;
}

/** One transaction, as the mock read it from a request. If a request carries one entry, the transaction has one entry. */
export interface MockTransaction {
  /** Idempotency key, if the request carries one. */
  readonly key?: string | undefined;
  /** The SDK's transaction id, if the request carries it. */
  readonly transactionId?: number | undefined;
  /** The entries, in order. */
  readonly entries: readonly MockEntry[];
}

/** A request that reached the mock. */
export interface ReceivedRequest {
  /** HTTP method of the request. */
  readonly method: string;
  /** URL of the request. */
  readonly url: string;
  /** Headers of the request, by name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON body, or its text if it isn't JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent, for the test to look at.
  readonly body: any;
  /** The transactions in the request. Empty if the request isn't in the form of the contract. */
  readonly transactions: readonly MockTransaction[];
  /** HTTP status of the answer. Undefined if there is no answer yet, or if it was lost. */
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
