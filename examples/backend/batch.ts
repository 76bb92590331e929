// `POST /api/batch`: the body that most PowerSync examples send, plus idempotency keys and several transactions.

import { type ApplyOptions, applyTransactions } from './apply-transactions.ts';
import type { UploadedEntry, UploadedTransaction } from './contract.ts';
import { refusalOf } from './refusal.ts';
import {
  array,
  InvalidUpload,
  integer,
  key,
  MAX_TRANSACTIONS,
  object,
  optional,
  readEntry,
} from './validate.ts';

export async function applyBatch(options: ApplyOptions, userId: string, body: unknown): Promise<Response> {
  const { transactions, asked } = readBatch(body);
  const results = await applyTransactions(options, userId, transactions);
  // A client that sends `transactions` gets a result for each. Otherwise it gets one answer for the whole body.
  if (asked === 'results') return Response.json({ results });
  return refusalOf(results[0]) ?? Response.json({ message: 'Batch completed' });
}

interface Batch {
  transactions: UploadedTransaction[];
  asked: 'results' | 'message';
}

function readBatch(body: unknown): Batch {
  const { batch, transactions, idempotency_key } = object(body, 'the body');
  const entries = array(batch, 'batch').map((entry, index) => readBatchEntry(entry, `batch[${index}]`));
  if (entries.length === 0) throw new InvalidUpload('batch must have a member at least');
  if (transactions !== undefined)
    return { transactions: divided(entries, array(transactions, 'transactions')), asked: 'results' };
  const whole = { ...optional({ idempotency_key }, 'the body', key), crud: entries };
  return { transactions: [whole], asked: 'message' };
}

function readBatchEntry(value: unknown, path: string): UploadedEntry {
  const { data, ...entry } = object(value, path);
  const columns = optional({ data }, path, object);
  return readEntry({ ...entry, op_data: columns.data }, path);
}

/** Divides the entries among the transactions, in order: each says how many it has. */
function divided(entries: readonly UploadedEntry[], list: readonly unknown[]): UploadedTransaction[] {
  if (list.length < 1 || list.length > MAX_TRANSACTIONS)
    throw new InvalidUpload(`transactions must have 1 to ${MAX_TRANSACTIONS} members, not ${list.length}`);
  let taken = 0;
  const transactions = list.map((value, index) => {
    const path = `transactions[${index}]`;
    const { idempotency_key, entries: named } = object(value, path);
    const count = integer(named, `${path}.entries`);
    if (count < 1) throw new InvalidUpload(`${path}.entries must be above 0`);
    taken += count;
    return { ...optional({ idempotency_key }, path, key), crud: entries.slice(taken - count, taken) };
  });
  if (taken !== entries.length)
    throw new InvalidUpload(`transactions have ${taken} entries, but batch has ${entries.length}`);
  return transactions;
}
