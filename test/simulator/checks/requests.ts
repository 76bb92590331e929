import type { CrudEntryLike } from '../../../src/database/database.ts';
import type { DatabaseFile } from '../database.ts';
import type { Ledger, Owner } from '../ledger.ts';
import type { Server } from '../server.ts';
import type { Violations } from './violations.ts';

/** One call of the app's function, for a batch or for an entry. */
export interface Start {
  readonly isClosed: boolean;
  readonly isAborted: boolean;
  readonly entries: readonly CrudEntryLike[];
  /** Keys of the transactions of these entries. */
  readonly keys: readonly string[];
  /** Whether other calls may run at the same time. */
  readonly isConcurrent: boolean;
  /** Whether no other tab can have sent or recorded something in the meantime. */
  readonly isAlone: boolean;
}

/** Checks what must be true when a request begins. */
export class Requests {
  readonly #file: DatabaseFile;
  readonly #ledger: Ledger;
  readonly #server: Server;
  readonly #violations: Violations;

  constructor(file: DatabaseFile, ledger: Ledger, server: Server, violations: Violations) {
    this.#file = file;
    this.#ledger = ledger;
    this.#server = server;
    this.#violations = violations;
  }

  starts({ isClosed, isAborted, entries, keys, isConcurrent, isAlone }: Start): void {
    const markers = entries.map(markerOf).join();
    if (isClosed) this.#violations.add(`P5: a request of ${markers} began after close()`);
    else if (isAborted) this.#violations.add(`P5: a request of ${markers} began after its call was aborted`);
    if (isAlone) this.#notRecorded(keys);
    if (!isConcurrent) this.#nothingUndecidedBefore(entries);
  }

  /** P1: a recorded rejection is final. */
  #notRecorded(keys: readonly string[]): void {
    for (const { key, state } of this.#file.rejected()) {
      if (state === 'rejected' && keys.some((each) => each === key || each.startsWith(`${key}:`)))
        this.#violations.add(`P1: ${key} was sent, although it is recorded as rejected`);
    }
  }

  /** P2: nothing is sent until the fate of all transactions in front of it is decided. */
  #nothingUndecidedBefore([first]: readonly CrudEntryLike[]): void {
    for (const entry of this.#file.readBefore(first?.clientId ?? 0)) {
      const marker = markerOf(entry);
      if (marker === markerOf(first) || this.#ledger.find(marker)?.mayBeLost) continue;
      if (this.#server.hasAppliedAll(marker) || recordedMarkers(this.#file).has(marker)) continue;
      this.#violations.add(
        `P2: ${markerOf(first)} was sent, although ${marker} in front of it is not decided`,
      );
    }
  }
}

/** P6: a write is sent only as the user who wrote it. */
export function checkOwner(
  entries: readonly CrudEntryLike[],
  user: string | null | undefined,
  isReadable: boolean,
  ledger: Ledger,
  violations: Violations,
): void {
  for (const marker of new Set(entries.map(markerOf))) {
    const owner: Owner = ledger.find(marker)?.owner;
    // If nobody is signed in, the connector can't see whose an opaque token is.
    const isTheirs = owner === undefined || owner === user || (owner === null && !isReadable);
    if (!isTheirs) violations.add(`P6: ${marker} of ${owner} was sent as ${user}`);
  }
}

export function markerOf(entry: CrudEntryLike | undefined): string {
  return String(entry?.opData?.marker);
}

/** Markers of all writes that are listed as `rejected`. */
export function recordedMarkers(file: DatabaseFile): Set<string> {
  const found = new Set<string>();
  for (const { state, entries } of file.rejected()) {
    if (state !== 'rejected') continue;
    for (const { opData } of JSON.parse(entries) as CrudEntryLike[])
      if (opData?.marker) found.add(opData.marker);
  }
  return found;
}
