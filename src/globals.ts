// Types of the platform, for declarations that also compile where neither the DOM library nor Node's types are loaded.

interface MinimalAbortSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The platform's AbortSignal. */
export type PlatformAbortSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : MinimalAbortSignal;

/** The platform's `fetch`. */
export type PlatformFetch = typeof globalThis extends { fetch: infer PlatformFetch }
  ? PlatformFetch
  : (input: string, init?: object) => Promise<object>;
