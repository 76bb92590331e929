// Applies an upload: each uploaded transaction in a database transaction of its own, in order.

import type { TransactionResult, UploadedTransaction } from './contract.ts';
import type { Database, WritableTables } from './database.ts';
import { claimKey } from './idempotency.ts';
import { readFailure, WriteRefused } from './sqlstate.ts';
import { writeEntry } from './write-entry.ts';

export interface ApplyOptions {
  database: Database;
  tables: WritableTables;
  /**
   * After a fatal error: `stop` (the default) leaves the rest for the next upload, `skip` goes on with it. A later
   * transaction often builds on the refused one, which is why stopping, and letting the client decide, is safer.
   */
  onFatalError?: 'stop' | 'skip';
  /** Error codes that the client's app is to decide about, instead of letting go of the write. Default: none. */
  requiresClientHandling?: readonly string[];
  /**
   * A PATCH or DELETE of a row that isn't there: `accept` (the default) takes it for done, since somebody deleted the row
   * meanwhile; `refuse` refuses it with NOT_FOUND.
   */
  onMissingRow?: 'accept' | 'refuse';
  /** Told after each uploaded transaction that was really executed; not for a replay. */
  onExecuted?: () => void;
  /** Told of errors that the client is not shown: without it, nobody learns why everything is being retried. */
  log: (error: unknown) => void;
}

export async function applyTransactions(
  options: ApplyOptions,
  userId: string,
  transactions: readonly UploadedTransaction[],
): Promise<TransactionResult[]> {
  const results: TransactionResult[] = [];
  for (const transaction of transactions) {
    const result = await applyTransaction(options, userId, transaction);
    results.push(result);
    if (stops(result, options.onFatalError)) break;
  }
  // One result for each transaction, whatever happened: a client that gets fewer can't tell which is which.
  while (results.length < transactions.length) results.push({ status: 'not_attempted' });
  return results;
}

/** A later transaction may build on an earlier one, so order is kept: nothing is tried after a failure. */
function stops(result: TransactionResult, onFatalError: ApplyOptions['onFatalError'] = 'stop'): boolean {
  if (result.status === 'success') return false;
  return !(onFatalError === 'skip' && result.status === 'fatal_error' && !result.requires_client_handling);
}

async function applyTransaction(
  options: ApplyOptions,
  userId: string,
  { idempotency_key: key, crud }: UploadedTransaction,
): Promise<TransactionResult> {
  let operationIndex = -1;
  // Everything is inside this `try`, getting a connection and the commit included: an outage that slips past it would
  // be an unreadable answer at best, and a refusal of good data at worst.
  try {
    const executed = await options.database.transaction(async (transaction) => {
      if (key !== undefined && !(await claimKey(transaction, userId, key))) return false;
      for (const entry of crud) {
        operationIndex++;
        const found = await writeEntry(transaction, options.tables, userId, entry);
        if (!found && options.onMissingRow === 'refuse') throw new WriteRefused('NOT_FOUND', 'No such row');
      }
      operationIndex = -1; // What fails from here on is the commit.
      return true;
    });
    if (executed) options.onExecuted?.();
    return { status: 'success' };
  } catch (error) {
    return failed(options, error, operationIndex);
  }
}

function failed(options: ApplyOptions, error: unknown, operationIndex: number): TransactionResult {
  const failure = readFailure(error);
  if (failure.kind === 'retryable') {
    options.log(error);
    return { status: 'retryable_error', message: 'The database could not take this write now' };
  }
  const { errorCode, message, details } = failure;
  return {
    status: 'fatal_error',
    requires_client_handling: options.requiresClientHandling?.includes(errorCode) ?? false,
    message,
    failed_operation: {
      error_code: errorCode,
      message,
      ...(details && { details }),
      ...(operationIndex >= 0 && { operation_index: operationIndex }),
    },
  };
}
