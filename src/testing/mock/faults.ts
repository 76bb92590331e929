import type { MockAnswer, MockEntry, MockRejection, MockTransaction } from './contract.ts';
import type { Planned } from './store.ts';

/** A fault that happens to one request. */
export type Fault = {
  /** The call that prepared it, for `pending`. */
  readonly call: string;
} & (
  | { readonly kind: 'reject'; readonly rejection: MockRejection; readonly where: Where | undefined }
  | { readonly kind: 'retry'; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'answer'; readonly answer: MockAnswer }
  | { readonly kind: 'drop' | 'truncate' | 'miscount' }
);

export type Where = (entry: MockEntry) => boolean;

/** A fault, with its effect on the transactions of the request. */
export type Drawn = Fault & { readonly planned?: Planned | undefined };

/** Keeps prepared faults in their order. */
export function createFaults() {
  const prepared: Fault[] = [];
  return {
    prepare(fault: Fault) {
      prepared.push(fault);
    },
    /** Removes and returns the first fault that fits this request. */
    draw(transactions: readonly MockTransaction[]): Drawn | undefined {
      for (const [index, fault] of prepared.entries()) {
        const planned = planFor(fault, transactions);
        if (!planned && (fault.kind === 'reject' || fault.kind === 'retry')) continue;
        prepared.splice(index, 1);
        return { ...fault, planned };
      }
      return undefined;
    },
    calls: () => prepared.map(({ call }) => call),
    reset() {
      prepared.length = 0;
    },
  };
}

function planFor(fault: Fault, transactions: readonly MockTransaction[]): Planned | undefined {
  const [first] = transactions;
  if (fault.kind === 'retry') return first && { transaction: first, retryAfterMs: fault.retryAfterMs };
  if (fault.kind !== 'reject') return undefined;
  const { rejection, where = () => true } = fault;
  for (const transaction of transactions) {
    const entryIndex = transaction.entries.findIndex(where);
    if (entryIndex >= 0) return { transaction, entryIndex, rejection };
  }
  return undefined;
}
