import { create, toBinary } from '@bufbuild/protobuf';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry, UploadTransaction } from '../queue/transaction.ts';
import { type Operation, type Transaction, TransactionSchema } from './gen/powersync/write/v1/write_pb.js';

export interface MessageLimits {
  readonly maxTransactions: number;
  /** Bytes in the binary format. */
  readonly maxMessageBytes: number;
}

/** Most bytes that one character of JSON needs in the binary format: `[1,1]` needs 5.5 for each. */
const MOST_BYTES_PER_UNIT = 8;
/** Bytes that the request adds to each transaction: a tag and its length. */
const FRAME_BYTES = 6;

/**
 * Encodes as many leading transactions as fit into one message, at least one. Throws an `UploadError` if the first one
 * can't be sent at all. The message ends before a later one that can't be sent.
 */
export function packMessage(
  transactions: readonly UploadTransaction[],
  { maxTransactions, maxMessageBytes }: MessageLimits,
): Transaction[] {
  const packed: Transaction[] = [];
  let units = 0;
  let bytes = 0;
  let counted = 0;
  for (const transaction of transactions.slice(0, maxTransactions)) {
    const text = entriesAsJson(transaction);
    const unsendable = whyUnsendable(transaction, text);
    if (unsendable && packed.length === 0) throw unsendable;
    if (unsendable) break;
    packed.push(toMessage(transaction, text));
    units += text.length + transaction.key.length + FRAME_BYTES;
    if (units * MOST_BYTES_PER_UNIT <= maxMessageBytes) continue; // Sure to fit: no need to encode twice.
    for (; counted < packed.length; counted++)
      bytes += toBinary(TransactionSchema, packed[counted] as Transaction).length + FRAME_BYTES;
    if (bytes > maxMessageBytes && packed.length > 1) {
      packed.pop();
      break;
    }
  }
  return packed;
}

function toMessage({ key, transactionId }: UploadTransaction, text: string): Transaction {
  return create(TransactionSchema, {
    ...(transactionId != null && { transactionId: BigInt(transactionId) }),
    idempotencyKey: key,
    crud: JSON.parse(text),
  });
}

/**
 * The entries as JSON, with the member names of the generated code. JSON is used so that values have the same meaning
 * as in every other transport: protobuf would turn an undefined column and a bigint into null.
 */
function entriesAsJson({ entries }: UploadTransaction): string {
  return JSON.stringify(entries.map(toMembers), withoutLoss);
}

function toMembers({ id, op, table, opData, previousValues, metadata }: UploadEntry): object {
  return {
    id,
    op: OPERATIONS.get(op),
    table,
    opData: op === 'DELETE' ? undefined : (opData ?? {}),
    previousValues: previousValues ?? undefined,
    metadata: metadata ?? undefined,
  };
}

/** Numbers of the enum `Operation`. Importing the enum would add to the bundle size. */
const OPERATIONS = new Map<string, Operation>([
  ['PUT', 1],
  ['PATCH', 2],
  ['DELETE', 3],
]);

/** Sends numbers that a Struct can't hold as text, like protobuf's JSON format. */
function withoutLoss(_: string, value: unknown): unknown {
  const isOdd = typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value));
  return isOdd ? String(value) : value;
}

/** Half a surrogate pair, which JSON.stringify() escapes. In protobuf's UTF-8 it would become another character. */
const HALF_CHARACTER = /(^|[^\\])(\\\\)*\\ud[89a-f]/;

function whyUnsendable({ entries }: UploadTransaction, text: string): UploadError | undefined {
  if (!entries.every(({ op }) => OPERATIONS.has(op))) {
    return new UploadError(
      'misconfigured',
      'WriteService has no operations but PUT, PATCH and DELETE. The writes stay queued.',
    );
  }
  if (HALF_CHARACTER.test(text)) {
    return new UploadError(
      'invalid',
      "Protobuf can't hold text that isn't valid Unicode (half of a surrogate pair).",
    );
  }
  return undefined;
}
