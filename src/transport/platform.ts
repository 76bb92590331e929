// Platform types for declarations that must also compile without the DOM library and Node's types.

interface MinimalAbortSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The platform's AbortSignal. */
export type PlatformAbortSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : SignalOfFetch;

// React Native declares AbortSignal as a class, which isn't a member of `typeof globalThis`. But its `fetch` takes one.
type SignalOfFetch = typeof globalThis extends { fetch: (input: never, init?: infer Init) => unknown }
  ? NonNullable<Init> extends { signal?: infer Signal }
    ? NonNullable<Signal>
    : MinimalAbortSignal
  : MinimalAbortSignal;

/** The platform's `fetch`. */
export type PlatformFetch = typeof globalThis extends { fetch: infer PlatformFetch }
  ? PlatformFetch
  : (input: string, init?: object) => Promise<object>;
