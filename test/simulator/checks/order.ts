import type { Ledger } from '../ledger.ts';
import type { Effect } from '../server.ts';
import type { Violations } from './violations.ts';

/**
 * P2: the writes of a device take effect in the order of its queue, so that the newest value of a row wins. If the app
 * asked for concurrency, this holds for the writes of each row.
 */
export class OrderOfEffects {
  readonly #last = new Map<string, Effect>();
  readonly #ledger: Ledger;
  readonly #byRow: boolean;
  readonly #violations: Violations;
  #restoredAt = Number.NEGATIVE_INFINITY;

  constructor(ledger: Ledger, byRow: boolean, violations: Violations) {
    this.#ledger = ledger;
    this.#byRow = byRow;
    this.#violations = violations;
  }

  /** @param hasLeft Returns true if the write is no longer queued. */
  tookEffect(effect: Effect, hasLeft: () => boolean): void {
    if (this.#ledger.find(effect.marker)?.mayBeLost !== false) return; // a restore has undone it
    if (effect.sent.at <= this.#restoredAt) return; // sent by a process that ended with the restore
    if (effect.sent.isLate && hasLeft()) return; // an old copy of a request that was given up: the device can't stop it
    const scope = this.#byRow ? effect.row : '';
    const last = this.#last.get(scope);
    if (last && this.#place(effect) < this.#place(last)) {
      this.#violations.add(`P2: ${name(effect)} took effect after ${name(last)}`);
      return;
    }
    this.#last.set(scope, effect);
  }

  /** After a restore, only the writes that are not queued again count as done. */
  restored(at: number, isDone: (marker: string) => boolean): void {
    this.#restoredAt = at;
    for (const [scope, effect] of this.#last) if (!isDone(effect.marker)) this.#last.delete(scope);
  }

  #place({ marker, n }: Effect): number {
    return (this.#ledger.find(marker)?.place ?? 0) * 1_000 + n;
  }
}

function name({ marker, n, row }: Effect): string {
  return `entry ${n} of ${marker} (${row})`;
}
