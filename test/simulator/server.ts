// A backend that keeps its contract, except for what a deployment does wrong. It knows idempotency keys.

import type { Dice } from './scheduler.ts';

/** What a deployment can do wrong, always or in one answer. */
export const SERVER_FAULTS = [
  'unavailable',
  'page',
  'wrong count',
  'empty',
  'another contract',
  'unauthenticated',
  'forbidden',
  'too large',
  'throttled',
  'refuse all',
  'refuse half',
  'refuse one',
  'retryable',
  'stop early',
  'unclassified',
  'replay conflicts',
  'truncate',
] as const;
export type ServerFault = (typeof SERVER_FAULTS)[number];

export interface WireEntry {
  readonly id: string;
  readonly op: string;
  readonly table: string;
  readonly data?: { readonly marker?: string; readonly n?: number; readonly bad?: Bad };
}

/** What is wrong with a write: the backend will never accept it, or asks the app to decide. */
export type Bad = 'invalid' | 'decide';

/** What takes effect as a whole, with one key: a transaction, or a single entry. */
export interface Unit {
  readonly key: string;
  readonly entries: readonly WireEntry[];
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One entry that took effect, for the first time. */
export interface Effect {
  readonly marker: string;
  /** Its place in its transaction. */
  readonly n: number;
  readonly row: string;
  readonly key: string;
  readonly user: string;
  readonly sent: Sent;
}

/** How a request came. */
export interface Sent {
  /** When it was sent, in milliseconds. */
  readonly at: number;
  /** A delayed copy, which the network delivered after the client had given up. */
  readonly isLate: boolean;
}

export interface ServerOptions {
  /** Also attempts the transactions behind a refused one. */
  readonly goesOn: boolean;
  readonly onEffect: (effect: Effect) => void;
  readonly onViolation: (text: string) => void;
}

export class Server {
  /** Markers of everything that it refused at least once. */
  readonly refused = new Set<string>();
  /** Markers of transactions that were refused while others behind them were applied. */
  readonly overtaken = new Set<string>();
  /** How often each entry took effect, by marker and place. */
  readonly effects = new Map<string, number>();
  /** Everything that it ever got, by key. The same key must always come with the same content. */
  readonly #seen = new Map<string, string>();
  readonly #applied = new Set<string>();
  readonly #dice: Dice;
  readonly #options: ServerOptions;

  constructor(random: Dice, options: ServerOptions) {
    this.#dice = random;
    this.#options = options;
  }

  hasApplied(marker: string, n: number): boolean {
    return this.effects.has(`${marker}#${n}`);
  }

  /** Whether the whole transaction took effect. */
  hasAppliedAll(marker: string): boolean {
    const size = Number(marker.split('/')[1]);
    for (let n = 0; n < size; n++) if (!this.hasApplied(marker, n)) return false;
    return true;
  }

  /** Executes a request and answers it. */
  answer(units: readonly Unit[], user: string, fault: ServerFault | undefined, sent: Sent): Answer {
    for (const unit of units) this.#note(unit);
    switch (fault) {
      case 'unavailable':
        return { status: 503, text: 'SERVER WORDS' };
      case 'throttled':
        return { status: 429, text: '', headers: { 'retry-after': String(1 + this.#dice.below(120)) } };
      case 'unauthenticated':
        return { status: 401, text: '{}' };
      case 'forbidden':
        return this.#refuse(units, { status: 403, text: '{"message":"SERVER WORDS"}' });
      case 'too large':
        return this.#refuse(units, { status: 413, text: '' });
      case 'refuse all':
        return this.#refuse(units, { status: 400, text: '{"message":"SERVER WORDS"}' });
      case 'page':
        return { status: 200, text: '<html>SERVER WORDS</html>' };
      case 'empty':
        return { status: 200, text: '' };
      case 'another contract':
        return { status: 200, text: '{"message":"Batch completed"}' };
      case 'refuse half':
        if (this.#dice.chance(0.5))
          return this.#refuse(units, { status: 400, text: '{"message":"SERVER WORDS"}' });
    }
    const results = this.#apply(units, user, fault, sent);
    if (fault === 'wrong count') results.push({ status: 'success' });
    const text = JSON.stringify({ results });
    return { status: 200, text: fault === 'truncate' ? text.slice(0, this.#dice.below(text.length)) : text };
  }

  #note({ key, entries }: Unit): void {
    const content = JSON.stringify(entries);
    const before = this.#seen.get(key);
    if (before !== undefined && before !== content)
      this.#options.onViolation(`P3: key ${key} came with other content before`);
    this.#seen.set(key, content);
  }

  #refuse(units: readonly Unit[], answer: Answer): Answer {
    for (const unit of units) this.refused.add(markerOf(unit));
    return answer;
  }

  #apply(units: readonly Unit[], user: string, fault: ServerFault | undefined, sent: Sent): Result[] {
    const stopAt = fault === 'stop early' || fault === 'retryable' ? this.#dice.below(units.length) : -1;
    const refusedAt = fault === 'refuse one' ? this.#dice.below(units.length) : -1;
    const results: Result[] = [];
    for (const [index, unit] of units.entries()) {
      const isStop = index === stopAt;
      // It must attempt the first one.
      const status = fault === 'stop early' && index > 0 ? 'not_attempted' : 'retryable_error';
      const result = isStop ? { status } : this.#applyOne(unit, user, fault, sent, index === refusedAt);
      results.push(result);
      const goesOn = this.#options.goesOn && result.status === 'fatal_error';
      if (result.status !== 'success' && !goesOn) break;
    }
    const last = results.findLastIndex(({ status }) => status === 'success');
    for (const [index, { status }] of results.entries())
      if (status === 'fatal_error' && index < last) this.overtaken.add(markerOf(units[index] as Unit));
    while (results.length < units.length) results.push({ status: 'not_attempted' });
    return results;
  }

  #applyOne(
    unit: Unit,
    user: string,
    fault: ServerFault | undefined,
    sent: Sent,
    isRefused: boolean,
  ): Result {
    const { key, entries } = unit;
    const marker = markerOf(unit);
    if (this.#applied.has(key) && fault !== 'replay conflicts') return SUCCESS;
    if (this.#applied.has(key)) {
      this.refused.add(marker);
      return fatal('UNIQUE_VIOLATION');
    }
    const bad = entries.find(({ data }) => data?.bad)?.data?.bad;
    if (bad || isRefused || fault === 'unclassified') {
      this.refused.add(marker);
      return bad || isRefused ? fatal('CHECK_VIOLATION', bad === 'decide') : fatal('UNCLASSIFIED_ERROR');
    }
    this.#applied.add(key);
    for (const { table, id, data } of entries) {
      const name = `${marker}#${data?.n}`;
      this.effects.set(name, (this.effects.get(name) ?? 0) + 1);
      this.#options.onEffect({ marker, n: data?.n ?? 0, row: `${table}/${id}`, key, user, sent });
    }
    return SUCCESS;
  }
}

interface Result {
  readonly status: string;
}

const SUCCESS: Result = { status: 'success' };

function fatal(error_code: string, requires_client_handling = false): Result {
  return { status: 'fatal_error', requires_client_handling, failed_operation: { error_code } } as Result;
}

export function markerOf({ entries }: Unit): string {
  return entries.find(({ data }) => data?.marker)?.data?.marker ?? '';
}
