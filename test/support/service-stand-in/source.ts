/**
 * Where the stand-in gets its data: the rows that each user may see, an event for each commit, and the check of tokens.
 */
export interface Source {
  /** The rows that `userId` may see now, by table. */
  snapshot(userId: string): Promise<Snapshot>;
  /** Calls `listener` after each commit that may change a snapshot. Returns a function that stops this. */
  onCommit(listener: () => void): () => void;
  /** Resolves for a valid token, throws for a bad or expired one. `exp` is in seconds, as in a JWT. */
  verify(token: string): Promise<TokenClaims>;
}

export type Row = { id: string } & Record<string, unknown>;

export type Snapshot = Record<string, Row[]>;

export interface TokenClaims {
  sub: string;
  exp?: number | undefined;
}
