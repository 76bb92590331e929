import { contentOf } from '../queue/encode-entry.ts';
import { textsOf, type UploadTransaction } from '../queue/transaction.ts';

/** The reference write API accepts 1 to 50 transactions in a request. */
const MAX_TRANSACTIONS = 50;

/** JSON text before and behind the transactions in a request body. */
export type Wrapping = readonly [before: string, behind: string];

const REFERENCE: Wrapping = ['{"transactions":[', ']}'];

/** Asks a backend that stores refusals to decide anew. Only where members that a backend doesn't know are ignored. */
const JUDGE_AGAIN = '"judge_again":true,';

/** Encodes as many leading transactions as fit into one request, at least one. */
export function packTransactions(
  transactions: readonly UploadTransaction[],
  maxBodyBytes: number,
  maxTransactions = MAX_TRANSACTIONS,
  [before, behind]: Wrapping = REFERENCE,
): { body: string; count: number } {
  const encoded: string[] = [];
  let units = before.length + behind.length;
  let bytes = utf8Length(before + behind) - 1; // There is one comma fewer than transactions.
  let counted = 0;
  for (const transaction of transactions.slice(0, maxTransactions)) {
    const text = transactionText(transaction, before === REFERENCE[0]);
    encoded.push(text);
    units += text.length + 1;
    if (units * 3 <= maxBodyBytes) continue; // A UTF-16 unit takes three bytes at most: no need to count yet.
    for (; counted < encoded.length; counted++) bytes += utf8Length(encoded[counted] ?? '') + 1;
    if (bytes > maxBodyBytes && encoded.length > 1) {
      encoded.pop();
      break;
    }
  }
  return { body: before + joined(encoded) + behind, count: encoded.length };
}

/** A transaction in the format of the reference write API. */
export function encodeTransaction({ key, transactionId, entries }: UploadTransaction) {
  const crud = entries.map((entry) => ({
    ...contentOf(entry),
    transaction_id: entry.transactionId ?? undefined,
  }));
  return { transaction_id: transactionId, idempotency_key: key, crud };
}

/** The same as JSON, built from the texts that the key was made from. */
function transactionText(transaction: UploadTransaction, mayAsk: boolean): string {
  const { key, transactionId, entries, judgeAgain } = transaction;
  const crud = textsOf(transaction).map((text, index) => {
    const id = entries[index]?.transactionId;
    return id == null ? text : `${text.slice(0, -1)},"transaction_id":${id}}`;
  });
  const id = transactionId == null ? '' : `"transaction_id":${transactionId},`;
  const again = judgeAgain && mayAsk ? JUDGE_AGAIN : '';
  return `{${id}${again}"idempotency_key":${JSON.stringify(key)},"crud":[${joined(crud)}]}`;
}

/** Like `join(',')`, but appends. Engines append without copying, so the text is copied only once, when it is sent. */
function joined(texts: readonly string[]): string {
  let all = '';
  for (const text of texts) all += all ? `,${text}` : text;
  return all;
}

/** Number of bytes of a text in UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit & 0xf800) !== 0xd800 ? 2 : 1; // a surrogate pair has four bytes
  }
  return bytes;
}
