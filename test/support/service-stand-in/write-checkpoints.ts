/**
 * The write checkpoints of one user, by client id. An id that was given out counts as reached only when a snapshot that
 * began later is part of the history. Both kinds of request share one counter, which never goes back.
 */
export class WriteCheckpoints {
  readonly #handedOut = new Map<string, bigint>();
  #reached: ReadonlyMap<string, bigint> = new Map();

  /** The next id, for a client that lets the service choose it. */
  handOut(clientId: string): bigint {
    return this.raiseTo(clientId, (this.#handedOut.get(clientId) ?? 0n) + 1n);
  }

  /** Takes the id that a client chose, unless a greater one is known. Returns the greater one. */
  raiseTo(clientId: string, requested: bigint): bigint {
    const known = this.#handedOut.get(clientId) ?? 0n;
    const id = requested > known ? requested : known;
    this.#handedOut.set(clientId, id);
    return id;
  }

  /** Call this when a snapshot begins, and the returned function when its data is in the history. */
  beginSnapshot(): () => void {
    const covered = new Map(this.#handedOut);
    return () => {
      this.#reached = covered;
    };
  }

  reached(clientId: string): bigint | undefined {
    return this.#reached.get(clientId);
  }
}
