// The answers of the routes that report the result of a transaction by HTTP status.

import type { TransactionResult } from './contract.ts';

/** How long a client should wait after a 503, in seconds. */
const RETRY_AFTER = '2';

/** Codes that aren't 422. After a 5xx a client keeps the write; after a 4xx it removes it from its queue. */
const STATUSES: Readonly<Record<string, number>> = {
  UNAUTHORIZED: 403,
  NOT_FOUND: 404,
  UNIQUE_VIOLATION: 409,
  FOREIGN_KEY_VIOLATION: 409,
  UNCLASSIFIED_ERROR: 500,
  // The app is newer than this server. Its write can be applied once the server is up to date, so it must not be lost.
  SCHEMA_MISMATCH: 501,
};

/** The answer if a transaction was not applied. Undefined if it was. */
export function refusalOf(result: TransactionResult | undefined): Response | undefined {
  switch (result?.status) {
    case 'success':
      return undefined;
    case 'fatal_error': {
      const { error_code: code, message, operation_index: index, details } = result.failed_operation;
      const { requires_client_handling } = result;
      return Response.json(
        { error: { code, message, index, details, requires_client_handling } },
        { status: STATUSES[code] ?? 422 },
      );
    }
    default: {
      const message = (result?.status === 'retryable_error' && result.message) || 'Not now';
      return Response.json(
        { error: { code: 'UNAVAILABLE', message } },
        { status: 503, headers: { 'retry-after': RETRY_AFTER } },
      );
    }
  }
}
