import type { PlatformFetch } from '../../transport/platform.ts';
import type { MockEntry, ReceivedRequest } from './contract.ts';
import type { MockTables } from './tables.ts';

/** Options of `rejectNext()`. */
export type RejectNextOptions = {
  /** Message of the refusal. */
  readonly message?: string | undefined;
  /** Details of the refusal, if the contract has a field for them. */
  readonly details?: unknown;
  /**
   * Chooses the entry to refuse. Nothing is refused until a request has such an entry.
   *
   * @default the first entry of the next request
   */
  readonly where?: ((entry: MockEntry) => boolean) | undefined;
};

/** Options of `failNext()`. */
export type FailNextOptions = {
  /** Value of the `Retry-After` header: a number of seconds, or an HTTP date. */
  readonly retryAfter?: number | string | undefined;
  /** Message in the body of the answer. */
  readonly message?: string | undefined;
};

/**
 * A mock whose answers a test controls, as handlers for msw or as a `fetch`.
 *
 * A fault for the next request, such as `failNext(503)`, happens to one request. Several faults happen in the order in
 * which they were set. A request that is refused for its token, its size or its form uses up no fault.
 */
export interface MockEndpoint {
  /** URL at which the mock answers. */
  readonly url: string;
  /**
   * Handlers for msw: `setupServer(...mock.handlers)` of `msw/node`, `setupWorker(...mock.handlers)` of `msw/browser`,
   * `server.use(...mock.handlers)`. For msw 2 and 3.
   */
  // biome-ignore lint/suspicious/noExplicitAny: msw's own types need its package; these declarations must not.
  readonly handlers: readonly any[];
  /** For tests without msw: pass it as the option `fetch` of the transport. Throws for any other URL. */
  readonly fetch: PlatformFetch;
  /** The requests that reached the mock, in order. */
  readonly received: readonly ReceivedRequest[];
  /**
   * The faults that haven't happened yet, as the calls that set them, such as `failNext(503)`. Check at the end of a
   * test that it is empty: a fault that never happened tested nothing.
   */
  readonly pending: readonly string[];
  /** Answers the next request with this HTTP status. Nothing is applied. */
  failNext(status: number, options?: FailNextOptions): void;
  /** Handles the next request, and loses the answer: the client sees a network error. */
  dropReply(): void;
  /** Answers the next request with a web page, like a captive portal or a wrong address, and does nothing else. */
  html(options?: { readonly status?: number | undefined }): void;
  /** Handles the next request, and answers with half of the body. */
  truncate(): void;
  /** From now on, waits this many milliseconds before each request is handled. 0 ends that. */
  delay(ms: number): void;
  /** From now on, no request arrives: the client sees a network error. */
  offline(): void;
  /** Ends {@link MockEndpoint.offline}: requests arrive again. */
  online(): void;
  /**
   * From now on, requests arrive, but aren't handled until {@link MockEndpoint.release} is called. A request that the
   * client aborts in the meantime isn't applied. In a browser with msw's worker it is applied, because the worker
   * doesn't see the abort.
   */
  freeze(): void;
  /** Handles the requests that {@link MockEndpoint.freeze} has stopped, and all later ones. */
  release(): void;
  /** Sets the mock back to its state at the start. Requests on their way are lost. */
  reset(): void;
}

/** A mock of a backend that stores the writes it gets. */
export interface MockBackend extends MockEndpoint {
  /** A copy of the stored rows, by table and id. Columns are without `id`. Tables without rows are left out. */
  readonly tables: MockTables;
  /** Number of transactions that were applied. A replay of a key counts only if the mock isn't `idempotent`. */
  readonly executions: number;
  /**
   * From now on, refuses all tokens that requests have carried so far, with 401. If there was none, refuses the first
   * one that arrives. Other tokens are accepted.
   */
  expireToken(): void;
  /**
   * Refuses requests whose body has more bytes than this, with 413. With `cors: false` the answer has no CORS headers,
   * so the client sees a network error. Browsers show the 413 of many servers like this.
   */
  limitBytes(bytes: number, options?: { readonly cors?: boolean | undefined }): void;
}

/** A mock that answers with one result for each transaction, in the form of the reference write API. */
export interface MockResultsBackend extends MockBackend {
  /**
   * Refuses a transaction of the next request for good (`fatal_error`). The transactions behind it are not attempted.
   *
   * @param code An `error_code` of the contract, such as `UNIQUE_VIOLATION`, or your own.
   */
  rejectNext(
    code: string,
    options?: RejectNextOptions & {
      /**
       * Sets the contract's `requires_client_handling`: the app has to decide.
       *
       * @default false
       */
      readonly needsDecision?: boolean | undefined;
    },
  ): void;
  /** Answers that the first transaction of the next request must be sent again (`retryable_error`). Applies nothing. */
  retryNext(options?: { readonly retryAfterMs?: number | undefined }): void;
  /** Applies the next request, and leaves one result out of the answer. */
  wrongCount(): void;
}
