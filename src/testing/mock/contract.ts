import type { MockTables } from './tables.ts';

/** One change to one row, as the mock read it from a request. */
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

/**
 * One transaction, as the mock read it from a request. If a request carries one entry, the transaction has one entry.
 */
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

/** A request, as a contract reads it. */
export interface MockRequest {
  readonly method: string;
  readonly url: string;
  /** The path after the mock's own URL, with the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The parsed `text`. Undefined if it isn't JSON. */
  readonly body: unknown;
}

export interface MockAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The reason for which a transaction is refused. */
export interface MockRejection {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
  /** HTTP status of the refusal, in contracts that use one. */
  readonly status?: number | undefined;
  readonly needsDecision?: boolean | undefined;
}

/** The result of one transaction. */
export type MockResult =
  | {
      readonly status: 'applied';
      /** Number of entries that found or made a row. For a replay, all of them. */
      readonly written: number;
    }
  | { readonly status: 'rejected'; readonly rejection: MockRejection; readonly entryIndex: number }
  | { readonly status: 'retry'; readonly retryAfterMs?: number | undefined }
  | { readonly status: 'not_attempted' };

/** An executed request, with its transactions and their results. */
export interface Executed {
  readonly request: MockRequest;
  readonly transactions: readonly MockTransaction[];
  readonly results: readonly MockResult[];
  readonly tables: MockTables;
}

/** A wire format: reads requests and makes answers. Its functions are pure. */
export interface MockContract {
  /** Name of the factory, for messages. */
  readonly who: string;
  /** True if URLs below the mock's URL belong to it too. */
  readonly isPrefix?: boolean;
  /** The unit that `atomic` rolls back: a transaction, or all transactions of a request. */
  readonly unit: 'transaction' | 'request';
  /** Reads the transactions in a request, or returns an answer that refuses the whole request. */
  read(request: MockRequest): readonly MockTransaction[] | MockAnswer;
  /** Refuses an entry whose row is missing, in contracts that do so. */
  rule?(entry: MockEntry, exists: boolean, request: MockRequest): MockRejection | undefined;
  answer(executed: Executed): MockAnswer;
  /** Makes an answer with the wrong number of results, in contracts with one result for each transaction. */
  miscount?(executed: Executed): MockAnswer;
  /** Makes a refusal of the whole request, for an HTTP status. */
  refusal(status: number, message: string): MockAnswer;
}

export function isAnswer(read: readonly MockTransaction[] | MockAnswer): read is MockAnswer {
  return 'status' in read;
}
