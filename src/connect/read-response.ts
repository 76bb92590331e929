import { type ErrorCodes, readResultList } from '../contract/read-results.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { TransactionResult } from './gen/powersync/write/v1/write_pb.js';

/**
 * Reads the answer to a call with `count` transactions. Throws an `UploadError` if it has no result for each of them.
 */
export function readResponse(message: unknown, count: number, errorCodes?: ErrorCodes): Outcome[] {
  const { results } = (message ?? {}) as { results?: unknown };
  const list = Array.isArray(results) ? results.map(asInTheContract) : results;
  return readResultList(list, count, undefined, errorCodes);
}

/** The write contract's words for the numbers of `TransactionResult.Status`. Any other number is malformed. */
const STATUSES = [undefined, 'success', 'retryable_error', 'fatal_error', 'not_attempted'];

function asInTheContract(result: TransactionResult): object {
  const { status, message, retryAfterMs, requiresClientHandling, failedOperation: failed } = result;
  return {
    status: STATUSES[status],
    message,
    retry_after_ms: retryAfterMs,
    requires_client_handling: requiresClientHandling,
    failed_operation: failed && {
      error_code: failed.errorCode || undefined, // protobuf can't tell an empty text from none
      message: failed.message,
      operation_index: failed.operationIndex,
      details: failed.details,
    },
  };
}
