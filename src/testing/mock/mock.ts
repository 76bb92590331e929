import type { PlatformFetch } from '../../transport/platform.ts';
import type { MockEntry, ReceivedRequest } from './contract.ts';
import type { MockTables } from './tables.ts';

/** Which entry is refused, and what the backend says. */
export type RejectNextOptions = {
  readonly message?: string | undefined;
  /** Further words of the backend, if the contract has a place for them. */
  readonly details?: unknown;
  /**
   * Refuses only an entry that matches. The refusal waits for a request that has one.
   *
   * @default the first entry of the next request
   */
  readonly where?: ((entry: MockEntry) => boolean) | undefined;
};

export type FailNextOptions = {
  /**
   * The `Retry-After` header: seconds, or an HTTP date.
   *
   * @default no header
   */
  readonly retryAfter?: number | string | undefined;
  readonly message?: string | undefined;
};

/**
 * A server for tests that does what the test tells it. It answers through msw, or as a `fetch`.
 *
 * A call about "the next request" prepares a fault for one request. Several faults happen in order, one for each
 * request. A request that is refused for its token, size or form doesn't use up a fault.
 */
export interface MockEndpoint {
  readonly url: string;
  /**
   * Handlers for msw 2 and 3: `setupServer(...mock.handlers)` of `msw/node`, `setupWorker(...mock.handlers)` of
   * `msw/browser`, or `server.use(...mock.handlers)`.
   */
  // biome-ignore lint/suspicious/noExplicitAny: msw's own types need its package; these declarations must not.
  readonly handlers: readonly any[];
  /** For tests without msw: pass it as the transport's option `fetch`. Throws for any other URL. */
  readonly fetch: PlatformFetch;
  /** The requests that reached it, in order. */
  readonly received: readonly ReceivedRequest[];
  /**
   * Calls whose faults have not happened yet, such as `failNext(503)`. Check at the end of a test that it is empty: a
   * fault that never happened tested nothing.
   */
  readonly pending: readonly string[];
  /** Answers the next request with this HTTP status. Nothing is applied. */
  failNext(status: number, options?: FailNextOptions): void;
  /** Applies the next request, and loses the answer: the client sees a network error. */
  dropReply(): void;
  /**
   * Answers the next request with a web page, as captive portals and wrong addresses do. Nothing is applied. The status
   * is 200 by default.
   */
  html(options?: { readonly status?: number | undefined }): void;
  /** Applies the next request, and sends only half of the answer. */
  truncate(): void;
  /** From now on, every request waits this many milliseconds before anything happens. 0 ends that. */
  delay(ms: number): void;
  /** From now on no request arrives: the client sees a network error. {@link online} ends that. */
  offline(): void;
  online(): void;
  /**
   * From now on requests arrive, but nothing happens with them until {@link release}. A request that the client aborts
   * in the meantime isn't applied (in a browser's worker it is, because msw doesn't report the abort there).
   */
  freeze(): void;
  release(): void;
  /** Makes the mock as it was at first. Requests in flight get a network error. */
  reset(): void;
}

/** A backend for tests that stores what it gets, and fails when the test tells it to. */
export interface MockBackend extends MockEndpoint {
  /**
   * A copy of the rows that are stored now, by table and id, columns without `id`. Tables without rows are left out.
   */
  readonly tables: MockTables;
  /** Number of transactions that were applied. A repeated key counts only if the mock isn't `idempotent`. */
  readonly executions: number;
  /**
   * From now on refuses every token that it has seen, with 401. If it has seen none, it refuses the first one. A new
   * token is accepted.
   */
  expireToken(): void;
  /**
   * From now on answers 413 to requests with a larger body. With `cors: false` the answer has no CORS headers, as with
   * many servers, so the client sees a network error.
   */
  limitBytes(bytes: number, options?: { readonly cors?: boolean | undefined }): void;
}

/** A mock that answers with one result for each transaction, in the form of the reference write API. */
export interface MockResultsBackend extends MockBackend {
  /**
   * Refuses a transaction of the next request for good (`fatal_error`). Those behind it are not attempted.
   *
   * @param code An `error_code` of the contract, such as `UNIQUE_VIOLATION`, or one of the app's own.
   */
  rejectNext(
    code: string,
    options?: RejectNextOptions & {
      /**
       * The contract's `requires_client_handling`: the app has to decide.
       *
       * @default false
       */
      readonly needsDecision?: boolean | undefined;
    },
  ): void;
  /** Answers the first transaction of the next request with "try again" (`retryable_error`). Nothing is applied. */
  retryNext(options?: { readonly retryAfterMs?: number | undefined }): void;
  /** Applies the next request, and answers with one result too few. */
  wrongCount(): void;
}
