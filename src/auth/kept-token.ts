import { startDeadline } from '../time/deadline.ts';

/**
 * Where the current token is kept between uses: memory by default. Give one of your own to share a token with the rest
 * of the app. A cache that fails counts as empty. It is written one token after another, by whichever connector it was
 * given to: the next one waits until `set()` has ended, for `retry.timeoutMs` at most.
 */
export interface TokenCache {
  /** The token that was kept last; null or undefined if there is none. */
  get(): string | null | undefined | Promise<string | null | undefined>;
  /** Keeps a token; null drops it. If that fails it is tried once more, then told on `console.error`. */
  set(token: string | null): void | Promise<void>;
}

/** What one cache was given, in order. */
interface Writes {
  /** The token that it was given last. */
  wanted: string | null;
  /** Ends once it has that. */
  done: Promise<void>;
}

/** Shared by the connectors of one cache: the write of one that was closed must not come after that of the next. */
const writesTo = new WeakMap<TokenCache, Writes>();

/** Writes a token after those before it; one that takes longer than `timeoutMs` isn't waited for. */
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

  // One that ends after it was given up may have undone what came later.
  function again(): void {
    if (writes.wanted !== token) keepToken(cache, writes.wanted, timeoutMs);
  }
}

/** Ends once the cache has all that it was given so far. Never throws. */
export async function allKept(cache: TokenCache): Promise<void> {
  await writesTo.get(cache)?.done;
}

function couldNotDrop(): void {
  console.error(
    'powersync-backend-connector: tokenCache.set(null) failed twice. The token of the last user may be used at the next ' +
      'start: remove it.',
  );
}

/** The default cache. */
export function memoryTokenCache(): TokenCache {
  let kept: string | null = null;
  return {
    get: () => kept,
    set: (token) => {
      kept = token;
    },
  };
}
