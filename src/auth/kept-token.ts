import { startDeadline } from '../time/deadline.ts';

/**
 * Token cache: keeps the current token between uses. The default is in memory. Pass your own to share the token with
 * the rest of the app, or to keep it over restarts. A cache whose `get()` fails counts as empty. Calls of `set()` never
 * overlap, even if several connectors share the cache: each one waits until the call before it has ended, for
 * `retry.timeoutMs` at most.
 */
export interface TokenCache {
  /** Returns the token that was last set; null or undefined if there is none. */
  get(): string | null | undefined | Promise<string | null | undefined>;
  /**
   * Stores a token; null removes the stored one. If removing fails, it is tried once more, then reported with
   * `console.error`.
   */
  set(token: string | null): void | Promise<void>;
}

/** The writes to one cache, in order. */
interface Writes {
  /** The token that the cache has to hold in the end. */
  wanted: string | null;
  /** Settles once the last write has ended. */
  done: Promise<void>;
}

/** Shared by all connectors of a cache: a write of a closed connector must not come after one of its successor. */
const writesTo = new WeakMap<TokenCache, Writes>();

/** Writes a token after the writes before it. Waits `timeoutMs` at most for each write. */
export function keepToken(cache: TokenCache, token: string | null, timeoutMs: number): void {
  const writes = writesTo.get(cache) ?? { wanted: null, done: Promise.resolve() };
  writesTo.set(cache, writes);
  writes.wanted = token;
  writes.done = writes.done.then(async () => {
    try {
      await write();
    } catch {
      if (token === null) await write().catch(couldNotDrop);
    }
  });

  async function write(): Promise<void> {
    const work = cache.set(token);
    if (!work) return;
    const deadline = startDeadline(timeoutMs);
    try {
      await deadline.race(work);
    } finally {
      deadline.end();
      if (deadline.error) work.then(again, again);
    }
  }

  // A write that ended after its time-out may have overwritten a later one.
  function again(): void {
    if (writes.wanted !== token) keepToken(cache, writes.wanted, timeoutMs);
  }
}

/** Settles once every write so far has ended. Never throws. */
export async function allKept(cache: TokenCache): Promise<void> {
  await writesTo.get(cache)?.done;
}

function couldNotDrop(): void {
  console.error(
    'powersync-backend-connector: tokenCache.set(null) failed twice, so the cache may still hold the token of the last ' +
      'user. Remove it before the next start.',
  );
}

/** The default token cache, in memory. */
export function memoryTokenCache(): TokenCache {
  let kept: string | null = null;
  return {
    get: () => kept,
    set: (token) => {
      kept = token;
    },
  };
}
