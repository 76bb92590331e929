import { notTheContract } from '../contract/http-answer.ts';
import { isObject } from '../contract/json.ts';
import { encodeTransaction } from '../contract/pack-transactions.ts';
import type { ErrorCodes } from '../contract/read-results.ts';
import type { UploadTransaction } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { TransportContext } from '../transport/transport.ts';
import type { RpcClient } from './client.ts';
import { failureIn } from './read-answer.ts';
import { sendRequest } from './send-request.ts';

/** Calls the SQL function with one transaction. */
export async function callFunction(
  client: RpcClient,
  name: string,
  transaction: UploadTransaction,
  context: TransportContext,
  errorCodes?: ErrorCodes,
): Promise<Outcome> {
  const { idempotency_key, crud } = encodeTransaction(transaction);
  const result = await sendRequest(client.rpc(encodeURIComponent(name), { idempotency_key, crud }), context);
  const failure = failureIn(result, context, errorCodes);
  if (failure?.status === 'rejected')
    return { ...failure, entryIndex: entryIndexIn(failure.details, transaction.entries.length) };
  if (failure) return failure;
  // An empty answer isn't enough: the clients turn a 404 into one too.
  if (isObject(result.data) && result.data.status === 'applied') return { status: 'applied' };
  throw notTheContract(result.status, 'without { "status": "applied" }');
}

/** Index of the entry at fault. The function's hint begins with it: `crud[3]`. */
function entryIndexIn(details: unknown, count: number): number | undefined {
  const hint = isObject(details) ? details.hint : undefined;
  const index = Number(/^crud\[(\d+)\]/.exec(typeof hint === 'string' ? hint : '')?.[1]);
  return index < count ? index : undefined;
}
