// The wire format of `POST /api/data`: the client's upload and the answer.

export type Operation = 'PUT' | 'PATCH' | 'DELETE';

/** One change of one row. */
export interface UploadedEntry {
  id: string;
  op: Operation;
  table: string;
  transaction_id?: number;
  /** The columns that were written. A DELETE has none. */
  op_data?: Record<string, unknown>;
  /** The row before the change, if the client's schema tracks it. Use it for your own conflict rules. */
  previous_values?: Record<string, unknown>;
  /** Free text that the app attached to the change. */
  metadata?: string;
}

/** The changes that the app made in one local transaction. They are applied together or not at all. */
export interface UploadedTransaction {
  transaction_id?: number;
  /** The same for each retry of the transaction: see idempotency.ts. */
  idempotency_key?: string;
  crud: UploadedEntry[];
}

export interface FailedOperation {
  error_code: string;
  message: string;
  details?: Record<string, string>;
  /** Which entry of `crud` failed. Absent if it was none of them (a constraint that is checked at commit). */
  operation_index?: number;
}

/** The result of one uploaded transaction. An answer has one for each, in the order of the upload. */
export type TransactionResult =
  /** Applied, now or by an earlier upload: the client removes it from its queue. */
  | { status: 'success' }
  /** It isn't known to be wrong: the client keeps it and tries again. */
  | { status: 'retryable_error'; message?: string; retry_after_ms?: number }
  /** It will never be accepted. With `requires_client_handling`, the app decides what happens to it. */
  | {
      status: 'fatal_error';
      requires_client_handling: boolean;
      message: string;
      failed_operation: FailedOperation;
    }
  /** It comes after one that failed: the client keeps it. */
  | { status: 'not_attempted' };
