import type { Dice, Scheduler } from './scheduler.ts';

/** What can go wrong with one request. */
export const FAULTS = [
  'unavailable',
  'drop before',
  'drop after',
  'page',
  'truncate',
  'wrong count',
  'empty',
  'another contract',
  'unauthenticated',
  'forbidden',
  'too large',
  'throttled',
  'hang',
  'hang after',
  'refuse all',
  'retryable',
  'stop early',
  'unclassified',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface WireTransaction {
  readonly idempotency_key: string;
  readonly crud: readonly {
    readonly id: string;
    readonly op: string;
    readonly table: string;
    readonly op_data?: { readonly marker?: string; readonly bad?: boolean };
  }[];
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One local transaction that took effect. */
export interface Effect {
  readonly marker: string;
  readonly key: string;
  readonly user: string;
}

/** A backend that keeps the write contract, but for what it is told to do wrong. */
export class Server {
  readonly effects: Effect[] = [];
  /** Whatever it refused at least once, by marker. */
  readonly refused = new Set<string>();
  /** Everything it ever saw, by key: the same key must always carry the same. */
  readonly seen = new Map<string, string>();
  /** Users in whose name a marker was sent. */
  readonly sentAs = new Map<string, Set<string>>();
  readonly violations: string[] = [];
  readonly #applied = new Set<string>();
  readonly #scheduler: Scheduler;
  readonly #dice: Dice;
  /** Faults of single requests to come, or 'refuse all' for as long as a bad deployment lasts. */
  readonly faults: Fault[] = [];
  badDeployment: Fault | undefined;

  constructor(scheduler: Scheduler, random: Dice) {
    this.#scheduler = scheduler;
    this.#dice = random;
  }

  /** Resolves with the answer, or rejects as `fetch` does. */
  async handle(body: string, token: string): Promise<Answer> {
    const fault = this.badDeployment ?? this.faults.shift();
    await this.#scheduler.sleep(1 + this.#dice.below(40));
    const { transactions } = JSON.parse(body) as { transactions: WireTransaction[] };
    const user = /^TOKEN-([a-z]+)/.exec(token)?.[1] ?? '';
    for (const each of transactions) this.#note(each, user);
    switch (fault) {
      case 'unavailable':
        return { status: 503, text: 'SERVER WORDS' };
      case 'throttled':
        return { status: 429, text: '', headers: { 'retry-after': String(1 + this.#dice.below(120)) } };
      case 'unauthenticated':
        return { status: 401, text: '{}' };
      case 'forbidden':
        return this.#refuse(transactions, { status: 403, text: '{"message":"SERVER WORDS"}' });
      case 'too large':
        return this.#refuse(transactions, { status: 413, text: '' });
      case 'refuse all':
        return this.#refuse(transactions, { status: 400, text: '{"message":"SERVER WORDS"}' });
      case 'page':
        return { status: 200, text: '<html>SERVER WORDS</html>' };
      case 'empty':
        return { status: 200, text: '' };
      case 'another contract':
        return { status: 200, text: '{"message":"Batch completed"}' };
      case 'drop before':
        throw new TypeError('fetch failed');
      case 'hang':
        return new Promise(() => {});
    }
    const results = this.#apply(transactions, user, fault);
    await this.#scheduler.sleep(1 + this.#dice.below(40));
    switch (fault) {
      case 'drop after':
        throw new TypeError('fetch failed');
      case 'hang after':
        return new Promise(() => {});
      case 'wrong count':
        return { status: 200, text: JSON.stringify({ results: [...results, { status: 'success' }] }) };
      case 'truncate': {
        const text = JSON.stringify({ results });
        return { status: 200, text: text.slice(0, this.#dice.below(text.length)) };
      }
      default:
        return { status: 200, text: JSON.stringify({ results }) };
    }
  }

  #note({ idempotency_key: key, crud }: WireTransaction, user: string): void {
    const content = JSON.stringify(crud);
    const before = this.seen.get(key);
    if (before !== undefined && before !== content)
      this.violations.push(`P3: key ${key} carried something else before`);
    this.seen.set(key, content);
    for (const { op_data } of crud) {
      const marker = op_data?.marker;
      if (marker) this.sentAs.set(marker, (this.sentAs.get(marker) ?? new Set()).add(user));
    }
  }

  #refuse(transactions: readonly WireTransaction[], answer: Answer): Answer {
    for (const each of transactions) this.refused.add(markerOf(each));
    return answer;
  }

  #apply(transactions: readonly WireTransaction[], user: string, fault: Fault | undefined): object[] {
    const results: object[] = [];
    const stopAt =
      fault === 'stop early' || fault === 'retryable' ? this.#dice.below(transactions.length) : -1;
    for (const [index, transaction] of transactions.entries()) {
      const result =
        index === stopAt
          ? { status: fault === 'retryable' ? 'retryable_error' : 'not_attempted' }
          : this.#applyOne(transaction, user, fault === 'unclassified');
      results.push(result);
      if (result.status !== 'success') break;
    }
    if (stopAt === 0 && fault === 'stop early') results[0] = { status: 'retryable_error' }; // It must attempt the first.
    while (results.length < transactions.length) results.push({ status: 'not_attempted' });
    return results;
  }

  #applyOne(transaction: WireTransaction, user: string, unclassified: boolean): { status: string } {
    const { idempotency_key: key, crud } = transaction;
    const marker = markerOf(transaction);
    if (this.#applied.has(key)) return { status: 'success' };
    if (unclassified || crud.some(({ op_data }) => op_data?.bad)) {
      this.refused.add(marker);
      const error_code = unclassified ? 'UNCLASSIFIED_ERROR' : 'CHECK_VIOLATION';
      return {
        status: 'fatal_error',
        requires_client_handling: false,
        failed_operation: { error_code },
      } as never;
    }
    this.#applied.add(key);
    this.effects.push({ marker, key, user });
    return { status: 'success' };
  }
}

function markerOf({ crud }: WireTransaction): string {
  return crud.find(({ op_data }) => op_data?.marker)?.op_data?.marker ?? '';
}
