import type { UploadEntry, UploadTransaction } from '../queue/transaction.ts';

/** The reference write API takes 1 to 50 transactions in a request. */
const MAX_TRANSACTIONS = 50;

/** Encodes as many leading transactions as one request takes, at least one. */
export function packTransactions(
  transactions: readonly UploadTransaction[],
  maxBodyBytes: number,
): { body: string; count: number } {
  const most = transactions.slice(0, MAX_TRANSACTIONS).map(encodeTransaction);
  const body = JSON.stringify({ transactions: most });
  // UTF-8 takes three bytes for a UTF-16 unit at most, so the usual body needs no counting.
  if (body.length * 3 <= maxBodyBytes || most.length === 1) return { body, count: most.length };

  const encoded: string[] = [];
  let bytes = '{"transactions":[]}'.length - 1; // one comma less than transactions
  for (const transaction of most) {
    const text = JSON.stringify(transaction);
    bytes += utf8Length(text) + 1;
    if (encoded.length > 0 && bytes > maxBodyBytes) break;
    encoded.push(text);
  }
  return { body: `{"transactions":[${encoded.join(',')}]}`, count: encoded.length };
}

function encodeTransaction({ key, transactionId, entries }: UploadTransaction): object {
  // Undefined members vanish in JSON; the contract allows none to be null.
  return { transaction_id: transactionId, idempotency_key: key, crud: entries.map(encodeEntry) };
}

function encodeEntry({
  id,
  op,
  table,
  transactionId,
  opData,
  previousValues,
  metadata,
}: UploadEntry): object {
  return {
    id,
    op,
    table,
    transaction_id: transactionId ?? undefined,
    op_data: op === 'DELETE' ? undefined : (opData ?? {}),
    previous_values: previousValues ?? undefined,
    metadata: metadata ?? undefined,
  };
}

/** Bytes of a text in UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit & 0xf800) !== 0xd800 ? 2 : 1; // a surrogate is half of four bytes
  }
  return bytes;
}
