import { notTheContract } from '../contract/http-answer.ts';
import { isObject } from '../contract/json.ts';
import { type ErrorCodes, readResultList } from '../contract/read-results.ts';
import type { UploadEntry, UploadTransaction } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { UploadBatch } from '../transport/transport.ts';
import type { JsonAnswer } from './json-answer.ts';
import { errorBy, isSomething, readRefusal, unclassified } from './refusal-in-body.ts';

/**
 * Reads a 2xx answer of a backend that reports refusals in the body. The default of {@link batchEndpoint}; also for
 * your own transports.
 *
 * A JSON object means that everything was applied, unless it says otherwise:
 *
 * - Refused: `success` or `ok` is false or 0; `status` is false, `'error'` or `'fail'`; `error`, `errorMessage` or
 *   `errors` is not empty; `error_code` is a word; `code` is a known error code.
 * - `statusCode`, `status` or `code` is 400 or higher: read as if the answer had that HTTP status.
 * - `rejected: [...]`: these entries were refused and all others applied. Each is named by `index` (its place in the
 *   request), by `id` (and `table`, if given), or by the `idempotency_key` of its transaction. A plain id is enough.
 * - `processed: n` is not the number of entries that were sent: refused.
 * - `results: [...]`: read like the results of the reference write API.
 *
 * If several transactions were sent and a refusal doesn't say which one it is about, it is thrown, so that they are
 * sent again in halves. The error code comes from `errorCodes`, or else from a SQLSTATE or a code of the reference
 * write API. Without any of these it is `unclassified`, because it may be an outage: the write is tried at least ten
 * times over ten minutes, then rejected. The refusal itself is in the outcome's `details`.
 *
 * @throws UploadError `misconfigured` if the answer is not a JSON object; any other code for a refusal of the whole
 * request.
 *
 * @example
 * ```ts
 * import { batchEndpoint, readErrorPayload } from 'powersync-backend-connector/http';
 *
 * export const transport = batchEndpoint({
 *   url: 'https://api.example.com/sync',
 *   decode(answer, batch) {
 *     if (answer.status === 200 && answer.json?.data) {
 *       return readErrorPayload({ ...answer, json: answer.json.data }, batch); // in an envelope
 *     }
 *   },
 * });
 * ```
 */
export function readErrorPayload(
  answer: JsonAnswer,
  batch: UploadBatch,
  errorCodes: ErrorCodes = {},
): Outcome[] {
  const { transactions } = batch;
  const { status, json } = answer;
  if (!isObject(json)) throw notTheContract(status, 'not a JSON object');
  const { results, rejected, failed, errors, error, processed } = json;
  if (Array.isArray(results)) return readResultList(results, transactions.length, status, errorCodes);
  if (Array.isArray(rejected) && rejected.length > 0) return readRejected(rejected, transactions, errorCodes);
  const entries = transactions.flatMap((transaction) => transaction.entries);
  const refusal =
    readRefusal(answer, errorCodes) ??
    // For example a number of them, or an unknown form.
    ([rejected, failed].some(isSomething) || (processed !== undefined && processed !== entries.length)
      ? { error: unclassified(), inBand: true }
      : undefined);
  if (!refusal) return transactions.map(() => ({ status: 'applied' }));
  if (transactions.length > 1 || !refusal.inBand) throw refusal.error;
  const about: unknown = Array.isArray(errors) ? errors[0] : error;
  return [{ status: 'rejected', ...refusal, details: json, entryIndex: placeOf(about, entries) }];
}

/** Reads `rejected`: these entries were refused and all others applied. If one can't be found, all are in doubt. */
function readRejected(
  rejected: readonly unknown[],
  transactions: readonly UploadTransaction[],
  errorCodes: ErrorCodes,
): Outcome[] {
  const entries = transactions.flatMap((transaction) => transaction.entries);
  const byEntry = new Map<UploadEntry, unknown>();
  for (const each of rejected) {
    const key = isObject(each) ? each.idempotency_key : undefined;
    const named = transactions.find((transaction) => key !== undefined && transaction.key === key)?.entries;
    const found = named ?? entries.slice(placeOf(each, entries) ?? entries.length).slice(0, 1);
    for (const entry of found) byEntry.set(entry, each);
    if (found.length === 0) {
      const error = errorBy(each, errorCodes) ?? unclassified();
      if (transactions.length > 1) throw error;
      return [{ status: 'rejected', error, details: each }];
    }
  }
  return transactions.map(({ entries }) => {
    const entryIndex = entries.findIndex((entry) => byEntry.has(entry));
    if (entryIndex < 0) return { status: 'applied' };
    const details = byEntry.get(entries[entryIndex] as UploadEntry);
    const error = errorBy(details, errorCodes) ?? unclassified();
    const appliedEntries = [...entries.keys()].filter((index) => !byEntry.has(entries[index] as UploadEntry));
    return { status: 'rejected', error, entryIndex, appliedEntries, details };
  });
}

/** Index of the entry that a part of the answer is about; undefined if it names none. */
function placeOf(said: unknown, entries: readonly UploadEntry[]): number | undefined {
  const { index, id, table } = isObject(said) ? said : { index: undefined, id: said, table: undefined };
  if (Number.isInteger(index) && entries[index as number]) return index as number;
  if (typeof id !== 'string') return undefined;
  const place = entries.findIndex(
    (entry) => entry.id === id && (table === undefined || entry.table === table),
  );
  return place < 0 ? undefined : place;
}
