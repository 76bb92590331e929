import type { PlatformFetch } from '../../transport/platform.ts';
import type { MockEntry, ReceivedRequest } from './contract.ts';
import type { MockTables } from './tables.ts';

/** What is to be refused, and with which words. */
export type RejectNextOptions = {
  readonly message?: string | undefined;
  /** Further words of the backend, where the contract has room for them. */
  readonly details?: unknown;
  /** Only this entry: the fault waits until a request has it. Default: the first entry of the next request. */
  readonly where?: ((entry: MockEntry) => boolean) | undefined;
};

export type FailNextOptions = {
  /** The `Retry-After` header: seconds, or a date as HTTP writes it. */
  readonly retryAfter?: number | string | undefined;
  readonly message?: string | undefined;
};

/**
 * Something that answers requests by script: in msw, or as a `fetch`.
 *
 * What is prepared for "the next" request happens to one request each, in the order in which it was prepared. A request
 * that is refused for its token, size or form uses up nothing.
 */
export interface MockEndpoint {
  readonly url: string;
  /**
   * Handlers for msw: `setupServer(...mock.handlers)` of `msw/node`, `setupWorker(...mock.handlers)` of `msw/browser`,
   * `server.use(...mock.handlers)`. msw 2 and 3.
   */
  // biome-ignore lint/suspicious/noExplicitAny: msw's own types need its package; these declarations must not.
  readonly handlers: readonly any[];
  /** For tests without msw: the transport's option `fetch`. Throws where it is asked for another url. */
  readonly fetch: PlatformFetch;
  /** The requests that reached it, in order. */
  readonly received: readonly ReceivedRequest[];
  /**
   * The calls whose faults have not happened yet, such as `failNext(503)`. Empty at the end of a good test: a fault that
   * was never asked for tests nothing.
   */
  readonly pending: readonly string[];
  /** Answers the next request with this status, and does nothing else. */
  failNext(status: number, options?: FailNextOptions): void;
  /** Does what the next request asks for, and loses the answer: the client sees a network error. */
  dropReply(): void;
  /** Answers the next request with a web page, as captive portals and wrong addresses do, and does nothing else. */
  html(options?: { readonly status?: number | undefined }): void;
  /** Does what the next request asks for, and answers with half of the body. */
  truncate(): void;
  /** Every request takes this long from now on, in milliseconds, before anything is done; 0: no time. */
  delay(ms: number): void;
  /** No request arrives any more: the client sees a network error. */
  offline(): void;
  online(): void;
  /**
   * Requests arrive, and wait until {@link release} before anything is done. One that the client aborts meanwhile does
   * nothing; except in a browser's worker, which isn't told.
   */
  freeze(): void;
  release(): void;
  /** As it was when it was made. Requests on their way are lost. */
  reset(): void;
}

/** A backend that stores what it is sent, by script. */
export interface MockBackend extends MockEndpoint {
  /** What is stored now: rows by table and id, columns without `id`. A copy. Tables without rows are left out. */
  readonly tables: MockTables;
  /** How many transactions were applied; a replay of a key counts only where the mock isn't `idempotent`. */
  readonly executions: number;
  /**
   * Every token that was seen is refused from now on, with 401; if none was seen, the first that comes. A new token is
   * taken.
   */
  expireToken(): void;
  /**
   * Refuses requests with a body of more bytes than this, with 413. `cors: false`: without CORS headers, so that the
   * client sees a network error, as browsers do with many servers.
   */
  limitBytes(bytes: number, options?: { readonly cors?: boolean | undefined }): void;
}

/** A mock that answers with one result for each transaction, in the words of the reference write API. */
export interface MockResultsBackend extends MockBackend {
  /**
   * Refuses a transaction of the next request for good (`fatal_error`); those behind it are not attempted.
   *
   * @param code An `error_code` of the contract, such as `UNIQUE_VIOLATION`, or one of the app's own.
   */
  rejectNext(
    code: string,
    options?: RejectNextOptions & {
      /** The contract's `requires_client_handling`. Default false. */
      readonly needsDecision?: boolean | undefined;
    },
  ): void;
  /** Asks to send the first transaction of the next request again (`retryable_error`), and applies nothing. */
  retryNext(options?: { readonly retryAfterMs?: number | undefined }): void;
  /** Does what the next request asks for, and answers with one result less. */
  wrongCount(): void;
}
