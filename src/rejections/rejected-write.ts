import type { CrudEntryLike } from '../database/database.ts';

/**
 * State of a rejected write.
 *
 * - `rejected`: it has left the queue.
 * - `held`: it is at the head of the queue and waits for the app's decision.
 * - `released`: it is at the head of the queue, and leaves it if the backend refuses it once more.
 */
export type RejectedState = 'rejected' | 'held' | 'released';

/** One local transaction that the backend refused. */
export interface RejectedWrite {
  /** Its idempotency key. */
  readonly key: string;
  /** `rejected`, `held` or `released`. */
  readonly state: RejectedState;
  /** The SDK's transaction id; undefined if the entry was queued without one. */
  readonly transactionId: number | undefined;
  /** The entries as they were queued, with previous values and metadata. */
  readonly entries: readonly CrudEntryLike[];
  /** The stored text, if the entries can't be read from it. Then `entries` is empty. */
  readonly entriesText?: string;
  /** Index in `entries` of the one at fault, from 0, if the backend said which. */
  readonly entryIndex: number | undefined;
  /** Indexes in `entries` of those that were applied anyway. Empty if the backend applies transactions as a whole. */
  readonly appliedEntries: readonly number[];
  /**
   * The backend may have applied it anyway: an earlier try got no answer, or one that doesn't say (a 5xx, a bare 404),
   * or applied a part of it. Then the refusal may be about the replay. Check the row before you write it again.
   */
  readonly mayBeApplied: boolean;
  /**
   * The app has to decide: the backend asked for it (`requires_client_handling`), or the rejection policy holds it or
   * wanted to hold it.
   */
  readonly needsDecision: boolean;
  /** An `UploadErrorCode`. */
  readonly code: string;
  /** HTTP status of the answer, if there was one. */
  readonly status: number | undefined;
  /**
   * Message of the `UploadError`, with the code in brackets, without row data. For logs: show people a text by `code`.
   */
  readonly message: string;
  /** The backend's own words, which may hold row data. As text if the stored JSON can't be read. */
  readonly details: unknown;
  /** The owner who wrote it, or who sent it if it had no owner (see `setOwner()`). Null: nobody was signed in. */
  readonly owner: string | null;
  /** When it was rejected, by the device's clock. */
  readonly rejectedAt: Date;
  /** When {@link notifyRejected} passed it to the app; undefined if it hasn't yet. */
  readonly notifiedAt: Date | undefined;
  /** Op ids of the same owner's entries that were queued behind it and change the same rows: they may build on it. */
  readonly laterOpIds: readonly number[];
}

/** A row of `connector_rejected_writes`. */
export interface RejectedRow {
  readonly key: string;
  readonly state: string;
  readonly transaction_id: number | null;
  readonly entries: string;
  readonly entry_index: number | null;
  readonly applied_entries: string;
  readonly code: string;
  readonly status: number | null;
  readonly message: string;
  readonly details: string | null;
  readonly owner: string | null;
  readonly rejected_at: number;
  readonly told_at: number | null;
  readonly later_op_ids: string;
  readonly may_be_applied: number | null;
  readonly needs_decision: number | null;
}

/** Reads a row. Never throws, whatever is in it. */
export function readRow(row: RejectedRow): RejectedWrite {
  const entries = parse(row.entries);
  const details = parse(row.details);
  const readable = Array.isArray(entries) && entries.every(isEntry);
  return {
    key: row.key,
    state: row.state as RejectedState,
    transactionId: row.transaction_id ?? undefined,
    entries: readable ? entries : [],
    ...(!readable && { entriesText: String(row.entries) }),
    entryIndex: row.entry_index ?? undefined,
    appliedEntries: readNumbers(row.applied_entries),
    mayBeApplied: row.may_be_applied === 1,
    needsDecision: row.needs_decision === 1,
    code: row.code,
    status: row.status ?? undefined,
    message: row.message,
    details: details === undefined ? (row.details ?? undefined) : details,
    owner: row.owner,
    rejectedAt: new Date(row.rejected_at),
    notifiedAt: row.told_at === null ? undefined : new Date(row.told_at),
    laterOpIds: readNumbers(row.later_op_ids),
  };
}

/** The first op id in an idempotency key; undefined if the text isn't such a key. */
export function firstOpId(key: string): number | undefined {
  const digits = /:(\d+)-\d+:[^:]*$/.exec(key)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function isEntry(value: unknown): value is CrudEntryLike {
  const { op, table, id } = Object(value);
  return typeof op === 'string' && typeof table === 'string' && typeof id === 'string';
}

function readNumbers(text: string): number[] {
  const list = parse(text);
  return Array.isArray(list) ? list.filter((each) => typeof each === 'number') : [];
}

/** Parses JSON; undefined if there is no text or it isn't JSON. */
function parse(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
