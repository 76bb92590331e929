import type { TokenSource } from '../auth/token-cache.ts';

/** Which change of users the tokens are from: see `versionOf()`. */
export interface SignedIn {
  readonly version: number;
  /** The database says that users have changed, perhaps in another tab: a token from before may be somebody else's. */
  is(version: number): void;
}

export function createSignedIn(tokens: TokenSource): SignedIn {
  let current = 0;
  return {
    get version() {
      return current;
    },
    is(version) {
      if (current !== version) tokens.forget();
      current = version;
    },
  };
}
