import { UploadError } from '../error/upload-error.ts';
import { startDeadline, within } from '../time/deadline.ts';
import type { PlatformAbortSignal } from '../transport/platform.ts';
import { type JwtClaims, readJwtClaims } from './jwt.ts';
import { allKept, keepToken, type TokenCache } from './kept-token.ts';

/**
 * Gets a JWT for the signed-in user. Return null if nobody is signed in. Throw if you can't tell now, for example while
 * offline. `signal` is aborted after `retry.timeoutMs`.
 */
export type CredentialsProvider = (context: {
  readonly signal: PlatformAbortSignal;
}) => Promise<{ readonly token: string } | null>;

/** Tokens for sync and uploads: cached, refreshed before they expire, one refresh at a time. */
export interface TokenSource {
  /** Returns a token that should still be valid; null when signed out. Throws the error of `credentials`. */
  get(): Promise<string | null>;
  /** Drops this token, but not a newer one. Without an argument, drops the current token. */
  drop(token?: string): void;
  /** Drops everything, including the result of a running refresh: somebody else may have signed in. */
  forget(): void;
  /**
   * Drops a token that was loaded from the cache, unless its `sub` is this owner. If nobody is signed in, drops any
   * token: the app may have had the last user's session for a moment longer.
   */
  keepOnlyOf(owner: string | null): Promise<void>;
  /** Settles once every write to the cache has ended, or after `timeoutMs`. Never throws. */
  settled(): Promise<void>;
  /** Discards the result of a running refresh. What the cache holds stays for the next start. */
  close(): void;
  /** Tells the current time of the backend's clock. */
  serverTime(epochMs: number): void;
}

/** How a refresh ended. `unchanged`: it returned the same token that had been dropped. */
export type RefreshResult = 'token' | 'unchanged' | 'signed-out' | 'failed';

export interface TokenSourceOptions {
  readonly credentials: CredentialsProvider;
  readonly cache: TokenCache;
  readonly timeoutMs: number;
  readonly clock: () => number;
  readonly onRefresh: (result: RefreshResult, durationMs: number) => void;
}

interface Held {
  readonly token: string;
  readonly claims: JwtClaims;
  /** When it was received, by the device's clock, in epoch milliseconds. */
  readonly at: number;
  /** True if it comes from the cache, not from `credentials`. */
  readonly isLoaded?: boolean;
}

/** A token is refreshed this long before it expires, or a third of its lifetime if that is less. The SDK: 30 s. */
const AHEAD_MS = 60_000;
/** A token is used for at least this long (or half its lifetime), so that wrong clocks can't cause a refresh storm. */
const MIN_USE_MS = 10_000;
/** Smaller differences between clocks are ignored: the `Date` header has whole seconds, and answers take time. */
const SKEW_NOISE_MS = 5_000;

export function createTokenSource({
  credentials,
  cache,
  timeoutMs,
  clock,
  onRefresh,
}: TokenSourceOptions): TokenSource {
  let held: Held | null | undefined; // undefined: the cache hasn't been read yet
  let flight: Promise<string | null> | undefined;
  let user = 0; // counted up when somebody else may have signed in
  let ended: UploadError | undefined; // why the result of the last user's refresh is discarded
  let dropped: string | undefined;
  let skewMs = 0;

  const hold = (token: string): Held => ({ token, claims: readJwtClaims(token), at: clock() });

  async function load(): Promise<void> {
    const token = await within(
      timeoutMs,
      allKept(cache).then(() => cache.get()),
    )
      .then((kept) => (kept ? readToken({ token: kept }) : null))
      .catch(() => null);
    if (held === undefined) held = token ? { ...hold(token), isLoaded: true } : null;
  }

  async function refresh(): Promise<string | null> {
    const startedAt = clock();
    const deadline = startDeadline(timeoutMs);
    const askedFor = user;
    try {
      const asked = Promise.resolve().then(() => credentials({ signal: deadline.signal }));
      const token = readToken(await deadline.race(asked));
      if (askedFor !== user) throw ended;
      held = token === null ? null : hold(token);
      keep(token);
      onRefresh(
        token === null ? 'signed-out' : token === dropped ? 'unchanged' : 'token',
        clock() - startedAt,
      );
      return token;
    } catch (thrown) {
      deadline.abort(UploadError.from(thrown));
      onRefresh('failed', clock() - startedAt);
      throw thrown;
    } finally {
      deadline.end();
      if (askedFor === user) flight = undefined;
    }
  }

  const keep = (token: string | null): void => keepToken(cache, token, timeoutMs);

  function abandonFlight(why: UploadError): void {
    user++;
    ended = why;
    flight = undefined;
  }

  async function settled(): Promise<void> {
    await within(timeoutMs, allKept(cache)).catch(() => {});
  }

  return {
    async get() {
      const askedFor = user;
      if (held === undefined) await load();
      if (askedFor !== user) throw ended;
      const before = held;
      if (before && clock() < refreshAt(before, skewMs) && clock() >= before.at - SKEW_NOISE_MS)
        return before.token;
      flight ??= refresh();
      try {
        return await flight;
      } catch (thrown) {
        if (before && held === before && clock() < expiresAt(before, skewMs)) return before.token;
        throw thrown;
      }
    },
    drop(token = held?.token) {
      if (held && held.token === token) {
        held = null;
        dropped = token;
        keep(null);
      }
    },
    forget() {
      abandonFlight(new UploadError('unauthenticated', 'Another user signed in. The writes stay queued.'));
      held = null;
      keep(null);
    },
    async keepOnlyOf(owner) {
      if (held === undefined) await load();
      if (held && (owner === null || (held.isLoaded && held.claims.subject !== owner))) {
        held = null;
        keep(null);
      }
      await settled();
    },
    settled,
    close: () => abandonFlight(new UploadError('aborted', 'The connector was closed.')),
    serverTime(epochMs) {
      const skew = epochMs - clock();
      skewMs = Math.abs(skew) > SKEW_NOISE_MS ? skew : 0;
    },
  };
}

/**
 * When a token expires, by the device's clock. If it seems to have expired before it was received, the clocks are
 * wrong: then its lifetime counts from when it was received.
 */
function expiresAt({ claims, at }: Held, skewMs: number): number {
  const { issuedAt = 0, expiresAt: expiry = Number.POSITIVE_INFINITY } = claims;
  // A token issued in the future shows that the device's clock is behind, even if no `Date` header can be read.
  const skew = skewMs || Math.max(0, issuedAt - at);
  const byClock = expiry - skew;
  return byClock > at ? byClock : at + Math.max(expiry - issuedAt, 0);
}

function refreshAt(held: Held, skewMs: number): number {
  const left = expiresAt(held, skewMs) - held.at;
  const { issuedAt = 0, expiresAt: expiry = 0 } = held.claims;
  const lifetime = Math.max(left, issuedAt && expiry - issuedAt);
  return (
    held.at +
    Math.max(
      left - Math.min(AHEAD_MS, left / 3),
      Math.min(MIN_USE_MS, lifetime > 0 ? lifetime / 2 : MIN_USE_MS),
    )
  );
}

/** Null means signed out. So does an empty token: the SDK would cache it and sync nothing. */
function readToken(result: { readonly token: string } | null): string | null {
  if (result === null) return null;
  const token: unknown = result?.token;
  if (typeof token !== 'string') {
    throw new UploadError(
      'misconfigured',
      'credentials() must return { token: string }, or null when signed out.',
    );
  }
  const trimmed = token.trim();
  if (/[^\x21-\x7e]/.test(trimmed)) {
    throw new UploadError(
      'misconfigured',
      'credentials() returned a token with characters that are not allowed in a header.',
    );
  }
  return trimmed || null;
}
