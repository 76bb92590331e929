import type { Bad } from './server.ts';

/** The owner that the app has set. Undefined if `setOwner()` was not called yet. */
export type Owner = string | null | undefined;

/** One local transaction, and what may happen to it. */
export interface Written {
  /** Identifies it everywhere: `<client id>-<place>/<entries>`. */
  readonly marker: string;
  readonly place: number;
  readonly size: number;
  owner: Owner;
  readonly bad: Bad | undefined;
  /**
   * Its database was restored to an earlier time, or cleared, or it was discarded. It may be lost, or uploaded before.
   */
  mayBeLost: boolean;
  /**
   * It may have been applied without the connector knowing: it was queued again by a restore, or its process was
   * killed.
   */
  wasForgotten: boolean;
  /** The app wrote it again after it was rejected. */
  writtenAgain: boolean;
}

/** Everything that the app of one device has written, in order. */
export class Ledger {
  readonly list: Written[] = [];
  readonly #byMarker = new Map<string, Written>();
  readonly #clientId: string;

  constructor(clientId: string) {
    this.#clientId = clientId;
  }

  add(size: number, owner: Owner, bad: Bad | undefined): Written {
    const place = this.list.length;
    const marker = `${this.#clientId}-${place}/${size}`;
    const flags = { mayBeLost: false, wasForgotten: false, writtenAgain: false };
    const written = { marker, place, size, owner, bad, ...flags };
    this.list.push(written);
    this.#byMarker.set(marker, written);
    return written;
  }

  find(marker: unknown): Written | undefined {
    return this.#byMarker.get(String(marker));
  }
}
