// The wire format of `POST /api/data`: what a client uploads and what it is answered.

export type Operation = 'PUT' | 'PATCH' | 'DELETE';

/** One change of one row. */
export interface UploadedEntry {
  id: string;
  op: Operation;
  table: string;
  transaction_id?: number;
  /** The columns that were written. A DELETE has none. */
  op_data?: Record<string, unknown>;
  /** The row before the change, when the client's schema tracks it: for conflict rules of your own. */
  previous_values?: Record<string, unknown>;
  /** Free text that the app attached to the change. */
  metadata?: string;
}

/** The changes that the app made in one local transaction. They are applied together or not at all. */
export interface UploadedTransaction {
  transaction_id?: number;
  /** Equal on every retry of the same transaction: see idempotency.ts. */
  idempotency_key?: string;
  crud: UploadedEntry[];
}

export interface FailedOperation {
  error_code: string;
  message: string;
  details?: Record<string, string>;
  /** Which entry of `crud` failed; absent when it was none of them (a constraint checked at commit). */
  operation_index?: number;
}

/** What became of one uploaded transaction. An answer holds one for each, in the order of the upload. */
export type TransactionResult =
  /** Applied, now or by an earlier upload: the client lets go of it. */
  | { status: 'success' }
  /** Nothing is known to be wrong with it: the client keeps it and tries again. */
  | { status: 'retryable_error'; message?: string; retry_after_ms?: number }
  /** It will never be taken. With `requires_client_handling` the app decides what becomes of it. */
  | {
      status: 'fatal_error';
      requires_client_handling: boolean;
      message: string;
      failed_operation: FailedOperation;
    }
  /** It comes after one that failed: the client keeps it. */
  | { status: 'not_attempted' };
