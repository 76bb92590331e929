/** What an entry does: insert or replace a row, change some of its columns, or delete it. */
export type Operation = 'PUT' | 'PATCH' | 'DELETE';

/** One change of one row, as the client sends it. */
export interface UploadedEntry {
  readonly id: string;
  readonly op: Operation;
  readonly table: string;
  /** The columns that were written. A DELETE has none. */
  readonly op_data?: Readonly<Record<string, unknown>>;
  /** Columns before the change, if the client's schema tracks them (`trackPrevious`). */
  readonly previous_values?: Readonly<Record<string, unknown>>;
  /** Text that the app attached to the change (`trackMetadata`). */
  readonly metadata?: string;
}

/** The entries of one local transaction. They are applied together or not at all. */
export interface UploadedTransaction {
  readonly transaction_id?: number;
  /** The same for each retry of the transaction. Without it, a repeat is applied again. */
  readonly idempotency_key?: string;
  /** The client asks to judge a transaction again that was refused under this key. */
  readonly judge_again?: boolean;
  readonly crud: readonly UploadedEntry[];
}

/** Why a transaction was refused. */
export interface FailedOperation {
  readonly error_code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Index in `crud`. Absent if no single entry failed, such as for a constraint that is checked at the end. */
  readonly operation_index?: number;
}

/** The result of one uploaded transaction. An answer has one for each, in the order of the upload. */
export type TransactionResult =
  /** Applied, now or by an earlier request with the same key. */
  | { readonly status: 'success' }
  /** Not applied, for a reason that passes. The client keeps it and tries again. */
  | { readonly status: 'retryable_error'; readonly message: string; readonly retry_after_ms?: number }
  /** Never accepted as it is. With `requires_client_handling`, the app decides. */
  | {
      readonly status: 'fatal_error';
      readonly requires_client_handling: boolean;
      readonly message: string;
      readonly failed_operation: FailedOperation;
    }
  /** Behind one that wasn't applied. The client keeps it. */
  | { readonly status: 'not_attempted' };

export type FatalResult = Extract<TransactionResult, { status: 'fatal_error' }>;
