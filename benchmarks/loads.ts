import type { Load } from './queue-content.ts';

export interface NamedLoad extends Load {
  readonly name: string;
}

/** What is queued, by a short name for `--load`. */
export const LOADS: Readonly<Record<string, NamedLoad>> = {
  single: { name: '20,000 transactions of one entry', transactions: 20_000, entriesEach: 1 },
  several: { name: '400 transactions of 25 entries', transactions: 400, entriesEach: 25 },
  one: { name: 'one transaction of 20,000 entries', transactions: 1, entriesEach: 20_000 },
  large: {
    name: '200 transactions of one entry of 100 kB',
    transactions: 200,
    entriesEach: 1,
    textLength: 100_000,
  },
};

export function entriesOf({ transactions, entriesEach }: Load): number {
  return transactions * entriesEach;
}
