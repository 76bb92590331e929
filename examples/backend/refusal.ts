// How the routes that answer by HTTP status say what became of a transaction.

import type { TransactionResult } from './contract.ts';

/** Until when a client that was told "not now" should wait, in seconds. */
const RETRY_AFTER = '2';

/** Codes that aren't 422. A client keeps what is answered with 5xx, and lets go of what is answered with 4xx. */
const STATUSES: Readonly<Record<string, number>> = {
  UNAUTHORIZED: 403,
  NOT_FOUND: 404,
  UNIQUE_VIOLATION: 409,
  FOREIGN_KEY_VIOLATION: 409,
  UNCLASSIFIED_ERROR: 500,
  // The app is newer than this server: its write is good once the server is, so it must not be lost.
  SCHEMA_MISMATCH: 501,
};

/** The answer for a transaction that was not applied; undefined for one that was. */
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
