import { type EntryContext, perEntry } from '../combine/per-entry.ts';
import { hasColumns } from '../combine/skip-empty.ts';
import { isSuccess, notTheContract, refusalOf } from '../contract/http-answer.ts';
import { isObject } from '../contract/json.ts';
import { UploadError } from '../error/upload-error.ts';
import type { JsonAnswer } from '../http/json-answer.ts';
import { isWholeNumber } from '../http/read-as-number.ts';
import { anotherRow, type RowOutcome } from '../http/row-endpoints.ts';
import { rowOf, type UploadEntry } from '../queue/transaction.ts';
import type { Transport } from '../transport/transport.ts';
import { sendEntry } from './insert-then-update.ts';
import { unexplained } from './row-or-backend.ts';

/** What is asked of a backend about its ids. */
export interface IdQuestions {
  /** Whether the app says that the backend keeps the ids of new rows. */
  readonly keepsIds: boolean;
  /** Reads the row of the entry. */
  readonly show: (entry: UploadEntry, context: EntryContext) => Promise<JsonAnswer>;
  /** Whether the answer says that there is no row with this id. */
  readonly isGone: (answer: JsonAnswer, entry: UploadEntry) => boolean;
  /** Whether the answer is the backend's own 500. */
  readonly hasFailed: (answer: JsonAnswer) => boolean;
}

/** Knows which tables keep the ids of the app. All of it is kept in memory. */
export interface KeptIds {
  /** Compares the id in the answer to an applied write with the id of the entry. */
  readonly read: (answer: JsonAnswer, entry: UploadEntry) => RowOutcome;
  /** Makes a transport that sends no id that the backend may read as the id of another row. */
  readonly guard: (transport: Transport) => Transport;
}

/** How many rows without a place on the server are remembered. The oldest are dropped. */
const MAX_ROWS = 1_000;
/** Longer than a deployment takes. */
const UNCLEAR = { attempts: 10, minMs: 900_000 };
const WHAT_TO_DO = 'Make the id column text or uuid, and permit :id in the controller';
/** Rails answers these if the database refuses a new row, perhaps because it exists. */
const MAY_EXIST: readonly unknown[] = [409, 422, 500];

/** A new row that isn't on the server under its own id. */
interface Elsewhere {
  /** Idempotency key of the PUT. */
  key?: string;
  /** Outcome of a PUT that must not be sent again, because the server has stored the row. */
  readonly outcome?: RowOutcome;
}

/**
 * For backends whose ids may be integers. They read the id `3f2c…` as 3, and would change or delete row 3. So a whole
 * number is sent as it is, and any other id only if the table is *proven* to keep ids: a row was answered with exactly
 * such an id. Until then, the row is read before each PATCH and DELETE.
 */
export function createKeptIds({ keepsIds, show, isGone, hasFailed }: IdQuestions): KeptIds {
  /** Whether a table keeps ids. It isn't in here while nothing is known of it. */
  const tables = new Map<string, boolean>();
  const elsewhere = new Map<string, Elsewhere>();

  const keeps = ({ table }: UploadEntry): boolean => tables.get(table) === true;
  function keepsNone({ table }: UploadEntry): void {
    if (!tables.has(table)) tables.set(table, false);
  }

  function isOf(entry: UploadEntry, answered: unknown): boolean {
    const { table, id } = entry;
    const isSame =
      String(answered).toLowerCase() === id.toLowerCase() || // Letters of a UUID may be of either case.
      (isWholeNumber(id) && !Number.isSafeInteger(answered) && answered === Number(id)); // JSON has rounded it.
    // A number proves nothing: an integer column answers -1 and 0 as they were sent.
    if (isSame && typeof answered === 'string' && !isWholeNumber(id)) tables.set(table, true);
    if (!isSame && typeof answered === 'number' && !keepsIds) keepsNone(entry);
    return isSame;
  }

  function isElsewhere(entry: UploadEntry, how: Elsewhere): void {
    elsewhere.set(rowOf(entry), how);
    const [oldest] = elsewhere.keys();
    if (elsewhere.size > MAX_ROWS && oldest !== undefined) elsewhere.delete(oldest);
  }

  function read({ status, json }: JsonAnswer, entry: UploadEntry): RowOutcome {
    const { op, table } = entry;
    if (isOf(entry, json.id)) return { status: 'applied' };
    if (op !== 'PUT') return { status: 'rejected', error: anotherRow(table, status), details: json };
    const outcome: RowOutcome = keepsIds
      ? { status: 'rejected', error: storedElsewhere(table, status), details: json }
      : { status: 'applied' };
    if (keepsIds) keepsNone(entry);
    isElsewhere(entry, { outcome });
    return outcome;
  }

  /** Inserts the row. If it may exist already, its columns are sent as a PATCH. */
  async function insert(
    transport: Transport,
    entry: UploadEntry,
    context: EntryContext,
  ): Promise<RowOutcome> {
    const row = rowOf(entry);
    const before = elsewhere.get(row);
    if (before?.outcome && before.key === context.key) return before.outcome;
    if (keepsIds && tables.get(entry.table) === false)
      return { status: 'retry', error: givesOtherIds(entry.table) };
    elsewhere.delete(row);
    const inserted = await sendEntry(transport, entry, context);
    const now = elsewhere.get(row);
    if (now) now.key = context.key;
    if (inserted.status === 'applied' || now) return inserted;
    const { error } = inserted;
    const outcome =
      keepsIds && MAY_EXIST.includes(error.status)
        ? await update(transport, entry, context, error)
        : undefined;
    if (outcome?.status === 'applied') return outcome;
    // The server may have given this number to another row.
    if (isWholeNumber(entry.id) && !keeps(entry)) isElsewhere(entry, {});
    return outcome ?? inserted;
  }

  /** Sends the columns of a new row that was refused as a PATCH. Undefined if the row doesn't exist. */
  async function update(
    transport: Transport,
    entry: UploadEntry,
    context: EntryContext,
    refusal: UploadError,
  ): Promise<RowOutcome | undefined> {
    if (!keeps(entry) || !hasColumns(entry)) {
      const answer = await show(entry, context);
      if (!hasRow(answer)) return unlessGone(readFailure(answer, entry, refusal));
      if (!isOf(entry, answer.json.id)) return { status: 'retry', error: readsAsAnother(entry.table) };
      // The row with this number may be another one, so it is never changed.
      if (!keeps(entry)) return isAsSent(entry, answer.json) ? { status: 'applied' } : undefined;
      if (!hasColumns(entry)) return { status: 'applied' };
    }
    return unlessGone(await sendEntry(transport, { ...entry, op: 'PATCH' }, context));
  }

  /** The outcome of a PATCH or DELETE that isn't sent; undefined if it may be sent. */
  async function withoutSending(entry: UploadEntry, context: EntryContext): Promise<RowOutcome | undefined> {
    const { table, id } = entry;
    if (elsewhere.has(rowOf(entry))) return { status: 'rejected', error: hasOtherId(table) };
    if (isWholeNumber(id) || keeps(entry)) return undefined;
    if (!keepsIds && tables.has(table)) return { status: 'rejected', error: hasOtherId(table) };
    const answer = await show(entry, context);
    if (!hasRow(answer)) return readFailure(answer, entry);
    if (isOf(entry, answer.json.id)) return undefined;
    return keepsIds
      ? { status: 'retry', error: readsAsAnother(table) }
      : { status: 'rejected', error: hasOtherId(table) };
  }

  /** @param refusal The refusal of the new row, if the row is read because of that. */
  function readFailure(answer: JsonAnswer, entry: UploadEntry, refusal?: UploadError): RowOutcome {
    const { status, json } = answer;
    const { op, table } = entry;
    const rejected = (error: UploadError): RowOutcome => ({
      status: 'rejected',
      error,
      details: json,
      inBand: false,
    });
    if (status === 404 && isGone(answer, entry)) {
      // Without `keepsIds`, the server may have the row of a DELETE under another id.
      if (keepsIds && op === 'DELETE') return { status: 'applied' };
      return rejected(keepsIds ? new UploadError('not_found', NO_ROW, { status }) : hasOtherId(table));
    }
    if (hasFailed(answer)) return rejected(unexplained(answer));
    if (isSuccess(answer)) {
      if (!isObject(json)) throw notTheContract(status, 'not the row');
    } else {
      const error = refusalOf(answer);
      if (status >= 500 || ['unauthenticated', 'throttled', 'timeout'].includes(error.code))
        return rejected(error);
    }
    if (refusal?.status === 500) return rejected(new UploadError('not_found', NO_ROW)); // so that the 500 counts
    return rejected(cannotBeShown(table, status));
  }

  return {
    read,
    guard(transport) {
      const guarded = perEntry(async (entry, context) =>
        entry.op === 'PUT'
          ? insert(transport, entry, context)
          : ((await withoutSending(entry, context)) ?? sendEntry(transport, entry, context)),
      );
      return Object.assign(guarded, transport);
    },
  };
}

function unlessGone(outcome: RowOutcome): RowOutcome | undefined {
  return outcome.status !== 'applied' && outcome.error.code === 'not_found' ? undefined : outcome;
}

function hasRow(answer: JsonAnswer): boolean {
  return isSuccess(answer) && isObject(answer.json) && answer.json.id != null;
}

/** Whether the row has all that was sent, at least one column. */
function isAsSent({ opData = {} }: UploadEntry, row: Readonly<Record<string, unknown>>): boolean {
  const sent = Object.entries(opData);
  return sent.length > 0 && sent.every(([name, value]) => Object.hasOwn(row, name) && row[name] === value);
}

const NO_ROW = 'The backend no longer has this row.';

function hasOtherId(table: string): UploadError {
  return new UploadError(
    'not_found',
    `The server gives the rows of "${table}" ids of its own, so it has no row with this id, and may read it as that of another ` +
      `row. Nothing was sent. ${WHAT_TO_DO}, and set keepsIds: true.`,
  );
}

function readsAsAnother(table: string): UploadError {
  return new UploadError(
    'misconfigured',
    `The server reads this id as that of another row of "${table}", so it doesn't keep the ids of the app. Nothing was sent. ` +
      `${WHAT_TO_DO}. The writes stay queued.`,
  );
}

function storedElsewhere(table: string, status: number): UploadError {
  return new UploadError(
    'not_found',
    `The server stored the new row of "${table}" under another id, which \`details\` have. Sent again, there would be two. ` +
      `${WHAT_TO_DO}, and delete the row with the other id before you retry this write.`,
    { status },
  );
}

function givesOtherIds(table: string): UploadError {
  return new UploadError(
    'misconfigured',
    `The server gave a new row of "${table}" another id, so no further one is sent until the app restarts. ${WHAT_TO_DO}. The ` +
      'writes stay queued.',
  );
}

function cannotBeShown(table: string, status: number): UploadError {
  return new UploadError(
    'unclassified',
    `HTTP status ${status}: the server doesn't show the row of "${table}", so nobody knows whether it keeps this id or reads it ` +
      `as that of another row. Nothing was sent. Let the action show (GET /${table}/:id.json) answer with the row. The write is ` +
      'tried for 15 minutes, then rejected.',
    { status, budget: UNCLEAR },
  );
}
