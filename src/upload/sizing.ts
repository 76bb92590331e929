import type { UploadErrorCode } from '../error/codes.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Gate } from '../time/gate.ts';
import type { AdaptiveLimit } from './adaptive-limit.ts';
import type { Item } from './item.ts';
import type { Settlement } from './walk.ts';

type Send<T> = (items: readonly Item[]) => Promise<T>;

/** Tells the adaptive limit what one batch has shown about the size that the backend can handle. */
export interface Sizing {
  /** A request with this many transactions was too large. */
  tooMuch(size: number): void;
  /** Remembers how the last request failed. */
  watch<T>(send: Send<T>): Send<T>;
  succeeded(settlement: Settlement): void;
  /** @param stoppedBy Why the next transaction stays. */
  ended(stoppedBy: UploadError | undefined): void;
}

export function createSizing(limit: AdaptiveLimit, gate: Gate, items: readonly Item[]): Sizing {
  let mostTaken = items.filter(({ known }) => !known).length;
  let failed: { readonly error: UploadError; readonly size: number } | undefined;

  function tooMuch(size: number): void {
    mostTaken = 0; // A bisected batch was sent in parts, so it is no success of its size.
    limit.failed(size);
  }

  /**
   * Whether the batch may have been too large: a time-out, or almost any second failure in a row. Browsers show a 413
   * without CORS headers as a network error, and gateways answer any 5xx if the backend takes too long.
   */
  function isTooMuch({ code }: UploadError): boolean {
    return code === 'timeout' || (gate.error !== undefined && !ANY_SIZE.includes(code));
  }

  return {
    tooMuch,
    watch: (send) => async (sent) => {
      failed = undefined;
      try {
        return await send(sent);
      } catch (thrown) {
        failed = { error: UploadError.from(thrown), size: sent.length };
        throw failed.error;
      }
    },
    succeeded({ applied, rejected }) {
      limit.succeeded(Math.min(applied + rejected, mostTaken));
    },
    ended(stoppedBy) {
      if (failed && failed.error === stoppedBy && isTooMuch(failed.error)) tooMuch(failed.size);
    },
  };
}

/** Failures that don't depend on how much was sent. */
const ANY_SIZE: readonly UploadErrorCode[] = [
  'aborted',
  'throttled',
  'unauthenticated',
  'owner_mismatch',
  'schema_mismatch',
  'update_required',
];
