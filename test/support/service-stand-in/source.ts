/** What feeds the stand-in: the data each user may see, a notice of every commit, and the token check. */
export interface Source {
  /** The rows `userId` may see right now, by table. */
  snapshot(userId: string): Promise<Snapshot>;
  /** Calls `listener` after each commit that may change a snapshot; returns how to stop. */
  onCommit(listener: () => void): () => void;
  /** Resolves for a good token, throws for a bad or an expired one. `exp` is in seconds, as in a JWT. */
  verify(token: string): Promise<TokenClaims>;
}

export type Row = { id: string } & Record<string, unknown>;

export type Snapshot = Record<string, Row[]>;

export interface TokenClaims {
  sub: string;
  exp?: number | undefined;
}
