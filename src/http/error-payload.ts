import { isObject } from '../json.ts';
import { notTheContract } from '../outcome/http-answer.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { codeFromSqlState } from '../outcome/sqlstate.ts';
import { UploadError, type UploadErrorCode } from '../outcome/upload-error.ts';
import type { UploadEntry, UploadTransaction } from '../queue/transaction.ts';
import type { UploadBatch } from '../transport.ts';
import {
  type ErrorCodes,
  inBrackets,
  ownCode,
  readResultList,
  UNCLASSIFIED_BUDGET,
} from '../write-api/read-results.ts';
import type { JsonAnswer } from './json-answer.ts';

/**
 * Reads a 2xx answer of a backend that says in the body what it refused. The default of {@link batchEndpoint}, and for
 * transports of your own.
 *
 * A JSON object means that all was applied, unless it says otherwise:
 *
 * - `success: false`, `ok: false`, or an `error`: refused.
 * - `errors: [...]` with something in it: refused.
 * - `rejected: [...]`: these entries were refused and all others applied. Each is named by `index` (its place in the
 *   request), by `id` (and `table`, where given), or by its transaction's `idempotency_key`; an id itself will do.
 * - `processed: n`: refused if 0; less than was sent is `unclassified`, since nobody knows which.
 * - `results: [...]`: read as those of the reference write API.
 *
 * A refusal that says nothing of a single transaction is thrown where several were sent, so that they are sent again in
 * halves. Its code is what `errorCodes` says of the `code` (or `error_code`) in it, a SQLSTATE's meaning, or else
 * `invalid`. The whole of it is in the outcome's `details`.
 *
 * @throws UploadError `misconfigured` for anything but a JSON object.
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
  { status, json }: JsonAnswer,
  batch: UploadBatch,
  errorCodes: ErrorCodes = {},
): Outcome[] {
  const { transactions } = batch;
  if (!isObject(json)) throw notTheContract(status, 'not a JSON object');
  if (Array.isArray(json.results))
    return readResultList(json.results, transactions.length, status, errorCodes);
  if (Array.isArray(json.rejected)) return readRejected(json.rejected, transactions, errorCodes);
  const refusal = refusalIn(json, batch, errorCodes);
  if (!refusal) return transactions.map(() => ({ status: 'applied' }));
  const error = refusedBy(refusal.code, refusal.words);
  if (transactions.length > 1) throw error;
  return [{ status: 'rejected', error, details: json, entryIndex: refusal.entryIndex }];
}

interface Refusal {
  readonly code: UploadErrorCode;
  /** The backend's own code. */
  readonly words: unknown;
  readonly entryIndex?: number | undefined;
}

function refusalIn(
  json: Record<string, unknown>,
  { transactions }: UploadBatch,
  errorCodes: ErrorCodes,
): Refusal | undefined {
  const { success, ok, error, errors, processed } = json;
  const list: readonly unknown[] = Array.isArray(errors) ? errors : [];
  const isRefused = success === false || ok === false || Boolean(error) || list.length > 0;
  const entries = transactions.flatMap((transaction) => transaction.entries);
  if (isRefused) {
    const said = [list[0], error, json].find((each) => codeIn(each) !== undefined);
    return { ...meaningOf(codeIn(said), errorCodes), entryIndex: placeOf(list[0] ?? error, entries) };
  }
  if (processed === undefined || processed === entries.length) return undefined;
  return { code: processed === 0 ? 'invalid' : 'unclassified', words: undefined };
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
      const { code, words } = meaningOf(codeIn(each), errorCodes);
      if (transactions.length > 1) throw refusedBy(code, words);
      return [{ status: 'rejected', error: refusedBy(code, words), details: each }];
    }
  }
  return transactions.map(({ entries }) => {
    const entryIndex = entries.findIndex((entry) => byEntry.has(entry));
    if (entryIndex < 0) return { status: 'applied' };
    const details = byEntry.get(entries[entryIndex] as UploadEntry);
    const { code, words } = meaningOf(codeIn(details), errorCodes);
    const appliedEntries = [...entries.keys()].filter((index) => !byEntry.has(entries[index] as UploadEntry));
    return { status: 'rejected', error: refusedBy(code, words), entryIndex, appliedEntries, details };
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

function codeIn(said: unknown): string | undefined {
  const code = isObject(said) ? (said.code ?? said.error_code) : undefined;
  return typeof code === 'string' ? code : undefined;
}

function meaningOf(words: string | undefined, errorCodes: ErrorCodes): Refusal {
  const own = ownCode(errorCodes, words);
  if (own || !words) return { code: own ?? 'invalid', words };
  const bySqlState = /^[0-9A-Z]{5}$/.test(words) ? codeFromSqlState(words) : 'unknown';
  return { code: bySqlState === 'unknown' ? 'invalid' : bySqlState, words };
}

function refusedBy(code: UploadErrorCode, words: unknown): UploadError {
  const budget = code === 'unclassified' ? UNCLASSIFIED_BUDGET : undefined;
  return new UploadError(code, `The backend refused it in its answer${inBrackets(words)}.`, { budget });
}
