import type { CrudEntryLike } from '../database/database.ts';

/**
 * Where a rejected write stands: `rejected` has left the queue. `held` is at its head and waits for the app's decision.
 * `released` is at its head too, and is let go if the backend refuses it once more.
 */
export type RejectedState = 'rejected' | 'held' | 'released';

/** One local transaction that the backend refused. */
export interface RejectedWrite {
  /** Its idempotency key. */
  readonly key: string;
  readonly state: RejectedState;
  readonly transactionId: number | undefined;
  /** The changes as they were queued, with previous values and metadata. */
  readonly entries: readonly CrudEntryLike[];
  /** What is stored in place of readable entries; `entries` is empty then. */
  readonly entriesText?: string;
  /** Which of `entries` is at fault, where the backend said so. */
  readonly entryIndex: number | undefined;
  /** Which of `entries` the backend applied all the same; empty where it applies transactions as a whole. */
  readonly appliedEntries: readonly number[];
  /**
   * The backend may have applied it all the same: an earlier try got no answer, or one that tells nothing (a 5xx, a bare
   * 404), or applied a part of it; and the refusal may be about the replay. Look before it is written again.
   */
  readonly mayBeApplied: boolean;
  /**
   * The app has to decide: the backend asked for it, or the rejection policy wanted to hold it, but writes behind it were
   * applied already.
   */
  readonly needsDecision: boolean;
  /** An `UploadErrorCode`. */
  readonly code: string;
  /** HTTP status, where there was one. */
  readonly status: number | undefined;
  readonly message: string;
  /** The backend's own words; as text, should they not be readable. */
  readonly details: unknown;
  /** Who wrote it, or sent it where that isn't known, by `setOwner()`; null for nobody. */
  readonly owner: string | null;
  readonly rejectedAt: Date;
  /** When {@link notifyRejected} told of it. */
  readonly notifiedAt: Date | undefined;
  /** Op ids of entries of the same user that were queued behind it and change the same rows: they may build on it. */
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

/** Reads a row; never throws, whatever is in it. */
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

/** The first op id in an idempotency key; undefined in a text that is none. */
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

/** Undefined where there is no JSON, which has no undefined of its own. */
function parse(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
