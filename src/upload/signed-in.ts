import type { TokenSource } from '../auth/token-cache.ts';

/** The version of the owner borders that the tokens belong to: see `versionOf()`. */
export interface SignedIn {
  readonly version: number;
  /**
   * Sets the version that was read from the database. If it has changed (perhaps by another tab), the tokens are
   * dropped: they may be somebody else's.
   */
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
