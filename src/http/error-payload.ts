import { notTheContract } from '../contract/http-answer.ts';
import { isObject } from '../contract/json.ts';
import { type ErrorCodes, readResultList } from '../contract/read-results.ts';
import type { UploadEntry, UploadTransaction } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { UploadBatch } from '../transport/transport.ts';
import type { JsonAnswer } from './json-answer.ts';
import { errorBy, isSomething, readRefusal, unclassified } from './refusal-in-body.ts';

/**
 * Reads a 2xx answer of a backend that says in the body what it refused. The default of {@link batchEndpoint}, and for
 * transports of your own.
 *
 * A JSON object means that all was applied, unless it says otherwise:
 *
 * - `success` or `ok` that is false or 0, a `status` that is false, `'error'` or `'fail'`, an `error`, `errorMessage` or
 *   `errors` with something in it, an `error_code` that is a word: refused.
 * - `statusCode`, `status` or `code` from 400: as if the answer had that status.
 * - A `code` that is known for an error: refused.
 * - `rejected: [...]`: these entries were refused and all others applied. Each is named by `index` (its place in the
 *   request), by `id` (and `table`, where given), or by its transaction's `idempotency_key`; an id itself will do.
 * - `processed: n` that isn't what was sent: refused.
 * - `results: [...]`: read as those of the reference write API.
 *
 * A refusal that says nothing of a single transaction is thrown where several were sent, so that they are sent again in
 * halves. Its code is what `errorCodes` says of the `code` (or `error_code`) in it, the meaning of a SQLSTATE or of a code
 * of the reference write API; or else `unclassified`, since it may be an outage: tried for ten minutes, then rejected. The
 * whole of it is in the outcome's `details`.
 *
 * @throws UploadError `misconfigured` for anything but a JSON object; what concerns the whole request.
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
    // A number of them, or a form that nobody knows.
    ([rejected, failed].some(isSomething) || (processed !== undefined && processed !== entries.length)
      ? { error: unclassified(), inBand: true }
      : undefined);
  if (!refusal) return transactions.map(() => ({ status: 'applied' }));
  if (transactions.length > 1 || !refusal.inBand) throw refusal.error;
  const about: unknown = Array.isArray(errors) ? errors[0] : error;
  return [{ status: 'rejected', ...refusal, details: json, entryIndex: placeOf(about, entries) }];
}

/** What is in `rejected` was refused, and all else applied; unless somebody in it isn't known. */
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

/** Where the entry stands that something said of one is about. */
function placeOf(said: unknown, entries: readonly UploadEntry[]): number | undefined {
  const { index, id, table } = isObject(said) ? said : { index: undefined, id: said, table: undefined };
  if (Number.isInteger(index) && entries[index as number]) return index as number;
  if (typeof id !== 'string') return undefined;
  const place = entries.findIndex(
    (entry) => entry.id === id && (table === undefined || entry.table === table),
  );
  return place < 0 ? undefined : place;
}
