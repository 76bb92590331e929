import type { Bad } from './server.ts';

/** An owner as the app has named it; undefined where `setOwner()` had not been called yet. */
export type Owner = string | null | undefined;

/** One local transaction, and what may rightly become of it. */
export interface Written {
  /** Names it everywhere: `<client id>-<place>/<entries>`. */
  readonly marker: string;
  readonly place: number;
  readonly size: number;
  owner: Owner;
  readonly bad: Bad | undefined;
  /** In a database that was restored to a time before, cleared or discarded: gone, or perhaps uploaded before that. */
  mayBeLost: boolean;
  /** It may have been applied, which the connector can't know: it is queued again by a restore, or its process was killed. */
  wasForgotten: boolean;
  /** The app wrote it again after it had been rejected. */
  writtenAgain: boolean;
}

/** What the app of one device has written, in order. */
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
