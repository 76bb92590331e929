// The globals that src may use: what every supported host has, in the form of the poorest of them. The package is
// compiled against this instead of the DOM library, so a member that React Native lacks doesn't compile.
//
// React Native's side, as read in its sources (0.76.9, 0.85.3, 0.87.1):
// - AbortController and AbortSignal are the package abort-controller 3 until 0.86: `abort()` takes no reason; no
//   `reason`, `throwIfAborted()`, `any()`, `timeout()`, `abort()` of the class. 0.87 has its own, with all of them.
// - `fetch`, Headers, Request, Response are the package whatwg-fetch 3: no `body`, no `redirect` (it is always followed).
// - URL never throws, does not normalise, and joins paths by appending them. So none here: take urls apart by hand.
// - TextDecoder, ReadableStream, structuredClone, crypto, localStorage, BroadcastChannel, navigator.locks are missing;
//   atob, btoa and Intl depend on the version.
// - Hermes' compiler refuses async generators, and regular expressions with the flag v.
// What only some hosts have is asked for by `globalThis as { name?: … }`, which says so.

interface EventTarget {
  addEventListener(type: string, listener: (event: { readonly type: string }) => void): void;
  removeEventListener(type: string, listener: (event: { readonly type: string }) => void): void;
}

interface AbortSignal extends EventTarget {
  readonly aborted: boolean;
}
declare var AbortSignal: { readonly prototype: AbortSignal };

interface AbortController {
  readonly signal: AbortSignal;
  abort(): void;
}
declare var AbortController: { readonly prototype: AbortController; new (): AbortController };

interface Headers {
  append(name: string, value: string): void;
  delete(name: string): void;
  forEach(callback: (value: string, name: string) => void): void;
  get(name: string): string | null;
  has(name: string): boolean;
  set(name: string, value: string): void;
}
type HeadersInit = Headers | Record<string, string> | [string, string][];
declare var Headers: { readonly prototype: Headers; new (init?: HeadersInit): Headers };

interface RequestInit {
  body?: string | null;
  credentials?: 'omit' | 'same-origin' | 'include';
  headers?: HeadersInit;
  method?: string;
  redirect?: 'follow' | 'error' | 'manual';
  signal?: AbortSignal | null;
}
interface Request {
  readonly headers: Headers;
  readonly method: string;
  readonly signal: AbortSignal;
  readonly url: string;
  clone(): Request;
  text(): Promise<string>;
}
type RequestInfo = Request | string;
declare var Request: { readonly prototype: Request; new (input: RequestInfo, init?: RequestInit): Request };

interface Response {
  readonly headers: Headers;
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly type: string;
  readonly url: string;
  clone(): Response;
  json(): Promise<unknown>;
  text(): Promise<string>;
}
declare var Response: {
  readonly prototype: Response;
  new (
    body?: string | null,
    init?: { headers?: HeadersInit; status?: number; statusText?: string },
  ): Response;
  error(): Response;
};

declare function fetch(input: RequestInfo, init?: RequestInit): Promise<Response>;

// Only `./testing` uses it, in tests: `get()` throws in React Native 0.76.
interface URLSearchParams {
  get(name: string): string | null;
}
declare var URLSearchParams: { readonly prototype: URLSearchParams; new (query: string): URLSearchParams };

/** Not everywhere: ask by `typeof` first. */
declare const TextEncoder:
  | { new (): { encodeInto?(text: string, bytes: Uint8Array): { read: number; written: number } } }
  | undefined;
declare const TextDecoder:
  | { new (): { decode(bytes?: Uint8Array, options?: { stream?: boolean }): string } }
  | undefined;

// biome-ignore lint/suspicious/noExplicitAny: as every host types it
declare function setTimeout<Values extends any[]>(
  callback: (...values: Values) => void,
  ms?: number,
  ...values: Partial<Values>
): number;
declare function clearTimeout(timer: number | undefined): void;

interface Console {
  debug(...values: unknown[]): void;
  error(...values: unknown[]): void;
  info(...values: unknown[]): void;
  log(...values: unknown[]): void;
  warn(...values: unknown[]): void;
}
declare var console: Console;
