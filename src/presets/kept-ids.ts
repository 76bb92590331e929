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

/** How many rows with another id on the server are remembered. The oldest are dropped. */
const MAX_ROWS = 1_000;
/** Longer than a deployment takes. */
const UNCLEAR = { attempts: 10, minMs: 900_000 };
const WHAT_TO_DO = 'Make the id column text or uuid, and permit :id in the controller';

/**
 * For backends whose ids may be integers. They read the id `3f2c…` as 3, and would change or delete row 3. So a whole
 * number is sent as it is, and any other id only if the table is *proven* to keep ids: a row was answered with exactly
 * such an id. Until then, the row is read before each PATCH and DELETE.
 */
export function createKeptIds({ keepsIds, show, isGone, hasFailed }: IdQuestions): KeptIds {
  /** Tables that keep ids. */
  const proven = new Set<string>();
  /** Tables whose ids are integers. */
  const integers = new Set<string>();
  /** Tables in which a new row got another id, though `keepsIds` is set. */
  const renaming = new Set<string>();
  /** Rows that have another id on the server. */
  const renamed = new Set<string>();
  /** What became of new rows that got another id, by idempotency key. They must not be sent again. */
  const stored = new Map<string, RowOutcome>();
  const errors = new WeakSet<UploadError>();
  /** The last refusal of a new row. If a PATCH with the same key follows, the row may exist already. */
  let refused: { readonly key: string; readonly error: UploadError } | undefined;

  function isOf({ table, id }: UploadEntry, answered: unknown): boolean {
    const isSame =
      String(answered).toLowerCase() === id.toLowerCase() || // Letters of a UUID may be of either case.
      (isWholeNumber(id) && !Number.isSafeInteger(answered) && answered === Number(id)); // JSON has rounded it.
    // A number proves nothing: an integer column answers -1 and 0 as they were sent.
    if (isSame && typeof answered === 'string' && !isWholeNumber(id)) proven.add(table);
    if (!isSame && typeof answered === 'number') integers.add(table);
    return isSame;
  }

  function read({ status, json }: JsonAnswer, entry: UploadEntry): RowOutcome {
    const { op, table } = entry;
    if (isOf(entry, json.id)) return { status: 'applied' };
    if (op !== 'PUT') return { status: 'rejected', error: anotherRow(table, status), details: json };
    renamed.add(rowOf(entry));
    const [oldest] = renamed;
    if (renamed.size > MAX_ROWS && oldest !== undefined) renamed.delete(oldest);
    if (!keepsIds) return { status: 'applied' };
    renaming.add(table);
    const error = storedElsewhere(table, status);
    errors.add(error);
    return { status: 'rejected', error, details: json };
  }

  /** The outcome of an entry that isn't sent; undefined if it may be sent. */
  async function withoutSending(entry: UploadEntry, context: EntryContext): Promise<RowOutcome | undefined> {
    const { op, table, id } = entry;
    if (op === 'PUT') {
      if (!renaming.has(table) || proven.has(table)) return undefined;
      return { status: 'retry', error: givesOtherIds(table) };
    }
    if (renamed.has(rowOf(entry))) return { status: 'rejected', error: hasOtherId(table) };
    if (isWholeNumber(id) || proven.has(table) || (op === 'PATCH' && !hasColumns(entry))) return undefined;
    if (!keepsIds && integers.has(table)) return { status: 'rejected', error: hasOtherId(table) };
    const answer = await show(entry, context);
    if (isSuccess(answer)) {
      const { status, json } = answer;
      if (!isObject(json) || json.id == null) throw notTheContract(status, 'not the row');
      if (isOf(entry, json.id)) return undefined;
      return keepsIds
        ? { status: 'retry', error: readsAsAnother(table) }
        : { status: 'rejected', error: hasOtherId(table) };
    }
    return readFailure(answer, entry, refused?.key === context.key ? refused.error : undefined);
  }

  /** @param refusal The refusal of the new row, if this is the PATCH behind it. */
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
    const error = refusalOf(answer);
    if (status >= 500 || ['unauthenticated', 'throttled', 'timeout'].includes(error.code))
      return rejected(error);
    if (refusal?.status === 500) return rejected(new UploadError('not_found', NO_ROW)); // so that the 500 counts
    return rejected(cannotBeShown(table, status, keepsIds && !refusal));
  }

  return {
    read,
    guard(transport) {
      const guarded = perEntry(async (entry, context) => {
        const before = stored.get(context.key) ?? (await withoutSending(entry, context));
        if (before) return before;
        const outcome = await sendEntry(transport, entry, context);
        if (outcome.status === 'rejected' && errors.has(outcome.error)) stored.set(context.key, outcome);
        if (entry.op === 'PUT' && outcome.status === 'rejected')
          refused = { key: context.key, error: outcome.error };
        return outcome;
      });
      return Object.assign(guarded, transport);
    },
  };
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

function cannotBeShown(table: string, status: number, waits: boolean): UploadError {
  const unseen =
    `HTTP status ${status}: the server doesn't show the row of "${table}", so nobody knows whether it keeps this id or reads it ` +
    `as that of another row. Nothing was sent. Let the action show (GET /${table}/:id.json) answer with the row.`;
  return waits
    ? new UploadError('misconfigured', `${unseen} The writes stay queued.`, { status })
    : new UploadError('unclassified', `${unseen} The write is tried for 15 minutes, then rejected.`, {
        status,
        budget: UNCLEAR,
      });
}
