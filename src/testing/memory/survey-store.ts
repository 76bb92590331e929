import type { Survey } from '../../queue/survey.ts';
import type { Store } from './store.ts';

/** Returns the result of the statements of `surveyQueue()`, which the built-in SQL doesn't support. */
export function surveyStore(
  { tables }: Store,
  behind: number,
  mostTransactions: number,
  mostEntries: number,
): Record<keyof Survey, number | null> {
  const queue = [...(tables.get('ps_crud')?.rows ?? [])].filter(([opId]) => opId > behind);
  const first = queue[0]?.[0] ?? 0;
  const found = { lastOpId: null as number | null, entries: 0 };
  let transactions = 0;
  queue.forEach(([opId, values], index) => {
    const transactionId = values.get('tx_id') ?? null;
    if (transactionId !== null && transactionId === queue[index + 1]?.[1].get('tx_id')) return; // not the last entry of its transaction
    transactions++;
    const fits = transactions === 1 || (transactions <= mostTransactions && opId - first < mostEntries);
    if (fits) Object.assign(found, { lastOpId: opId, entries: index + 1 });
  });
  const haveMore = Number(found.entries < queue.length);
  const hasOwners = Number(tables.has('connector_owners'));
  const hasRejected = Number(tables.has('connector_rejected_writes'));
  return { ...found, haveMore, hasOwners, hasRejected };
}
