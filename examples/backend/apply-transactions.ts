// Applies an upload in order: each uploaded transaction in its own database transaction.

import type { TransactionResult, UploadedTransaction } from './contract.ts';
import type { Database, WritableTables } from './database.ts';
import { claimKey } from './idempotency.ts';
import { readFailure, WriteRefused } from './sqlstate.ts';
import { writeEntry } from './write-entry.ts';

export interface ApplyOptions {
  database: Database;
  tables: WritableTables;
  /**
   * What to do after a fatal error. `stop` (the default) leaves the rest for the next upload, `skip` continues. A later
   * transaction often builds on the refused one, so it is safer to stop and let the client decide.
   */
  onFatalError?: 'stop' | 'skip';
  /** Error codes for which the client keeps the write and lets its app decide. Default: none. */
  requiresClientHandling?: readonly string[];
  /**
   * What to do if the row of a PATCH or DELETE is missing. `accept` (the default) counts it as done, because somebody
   * has deleted the row in the meantime. `refuse` refuses it with NOT_FOUND.
   */
  onMissingRow?: 'accept' | 'refuse';
  /** Called after each uploaded transaction that was executed, but not after a replay. */
  onExecuted?: () => void;
  /** Called with errors that the client isn't shown. Without it, nobody sees why everything is retried. */
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
  // There must be one result for each transaction: if there were fewer, a client couldn't tell which is which.
  while (results.length < transactions.length) results.push({ status: 'not_attempted' });
  return results;
}

/** A later transaction may build on an earlier one. So nothing is tried after a failure. */
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
  // Everything is inside this `try`, including getting a connection and the commit. If an outage weren't caught here,
  // the client would get an answer that it can't read, or even a refusal of good data.
  try {
    const executed = await options.database.transaction(async (transaction) => {
      if (key !== undefined && !(await claimKey(transaction, userId, key))) return false;
      for (const entry of crud) {
        operationIndex++;
        const found = await writeEntry(transaction, options.tables, userId, entry);
        if (!found && options.onMissingRow === 'refuse') throw new WriteRefused('NOT_FOUND', 'No such row');
      }
      operationIndex = -1; // From here on, only the commit can fail.
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
