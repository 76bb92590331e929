import { create, toBinary } from '@bufbuild/protobuf';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry, UploadTransaction } from '../queue/transaction.ts';
import { type Operation, type Transaction, TransactionSchema } from './gen/powersync/write/v1/write_pb.js';

export interface MessageLimits {
  readonly maxTransactions: number;
  /** Bytes in the binary format. */
  readonly maxMessageBytes: number;
}

/** What one character of JSON takes at most in the binary format: `[1,1]` takes 5.5 a character. */
const MOST_BYTES_PER_UNIT = 8;
/** What the request adds to a transaction: a tag, and its length. */
const FRAME_BYTES = 6;

/**
 * Encodes as many leading transactions as one message takes, at least one. Throws an `UploadError` if the first one
 * can't be sent at all; one behind it ends the message.
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
 * The entries as JSON, in the members of the generated code. Through JSON, so that values mean what they mean to every
 * other transport: protobuf would make null of a column that is undefined, and of a bigint.
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

/** By number: the enum itself would only add to the size. */
const OPERATIONS = new Map<string, Operation>([
  ['PUT', 1],
  ['PATCH', 2],
  ['DELETE', 3],
]);

/** Numbers that a Struct can't carry travel as text, as the JSON format of protobuf has them. */
function withoutLoss(_: string, value: unknown): unknown {
  const isOdd = typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value));
  return isOdd ? String(value) : value;
}

/** Half a character, which JSON.stringify() escapes. Protobuf text is UTF-8, which would put another one in its place. */
const HALF_CHARACTER = /(^|[^\\])(\\\\)*\\ud[89a-f]/;

function whyUnsendable({ entries }: UploadTransaction, text: string): UploadError | undefined {
  if (!entries.every(({ op }) => OPERATIONS.has(op))) {
    return new UploadError(
      'misconfigured',
      'WriteService has no other op than PUT, PATCH and DELETE. The writes stay queued.',
    );
  }
  if (HALF_CHARACTER.test(text)) {
    return new UploadError(
      'invalid',
      "Protobuf can't carry text that is no valid Unicode (half of a surrogate pair).",
    );
  }
  return undefined;
}
