import type { UploadEvent, UploadStatus } from 'powersync-backend-connector';

/** What was recorded of the upload path, as an immutable value. */
export interface UploadRecord {
  readonly status: UploadStatus;
  /** Calls of the transport, oldest first. */
  readonly requests: readonly UploadRequest[];
  /** The length of the queue after each change, oldest first. */
  readonly queue: readonly QueueSample[];
  /** The last refresh of the token. */
  readonly token: TokenSample | undefined;
  /** Failures in a row. */
  readonly failures: number;
}

export interface UploadRequest {
  readonly id: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly transactions: number;
  readonly entries: number;
  /** 1 for the first time, 2 for the first retry … */
  readonly attempt: number;
  /** Undefined while it is running. */
  readonly durationMs?: number;
  /** Why the whole request failed. */
  readonly code?: string;
  /** Transactions that left the queue after it. */
  readonly applied: number;
  readonly rejected: number;
  /** Codes of the transactions that were rejected. */
  readonly rejections: readonly string[];
}

export interface QueueSample {
  readonly at: number;
  readonly length: number;
}

export interface TokenSample {
  readonly at: number;
  readonly result: Extract<UploadEvent, { type: 'token' }>['result'];
  readonly durationMs: number;
}

export function emptyRecord(status: UploadStatus): UploadRecord {
  return { status, requests: [], queue: [], token: undefined, failures: 0 };
}

/** Adds an event. Requests run one after the other, so an event is about the latest one. */
export function addEvent(record: UploadRecord, event: UploadEvent, at: number, limit: number): UploadRecord {
  switch (event.type) {
    case 'attempt': {
      const { transactions, entries, attempt } = event;
      const id = (record.requests.at(-1)?.id ?? 0) + 1;
      const counts = { applied: 0, rejected: 0, rejections: [] };
      const request = { id, startedAt: at, transactions, entries, attempt, ...counts };
      return { ...record, requests: [...record.requests, request].slice(-limit) };
    }
    case 'answer': {
      const { durationMs, code } = event;
      return withLatest(record, () => ({ durationMs, ...(code && { code }) }));
    }
    case 'rejected':
      if (event.decision === 'hold') return record;
      return withLatest(record, ({ rejections }) => ({ rejections: [...rejections, event.code] }));
    case 'completed': {
      const { applied, rejected } = event;
      const moved = { ...record, failures: 0 };
      return withLatest(moved, (latest) => ({
        applied: latest.applied + applied,
        rejected: latest.rejected + rejected,
      }));
    }
    case 'failed':
      return { ...record, failures: event.failures };
    case 'token':
      return { ...record, token: { at, result: event.result, durationMs: event.durationMs } };
    default:
      return record;
  }
}

export function addQueueLength(
  record: UploadRecord,
  length: number,
  at: number,
  limit: number,
): UploadRecord {
  if (record.queue.at(-1)?.length === length) return record;
  return { ...record, queue: [...record.queue, { at, length }].slice(-limit) };
}

function withLatest(
  record: UploadRecord,
  change: (latest: UploadRequest) => Partial<UploadRequest>,
): UploadRecord {
  const latest = record.requests.at(-1);
  if (!latest) return record;
  return { ...record, requests: [...record.requests.slice(0, -1), { ...latest, ...change(latest) }] };
}
