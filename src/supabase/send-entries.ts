import type { Failure } from '../combine/failure-alone.ts';
import { only, type Placed } from '../combine/send-in-order.ts';
import { notTheContract } from '../contract/http-answer.ts';
import type { ErrorCodes } from '../contract/read-results.ts';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { TransportContext } from '../transport/transport.ts';
import type { PostgrestRequest, PostgrestResult, TableClient } from './client.ts';
import { failureIn, failureOf } from './read-answer.ts';
import { sendRequest } from './send-request.ts';

/** Asks for the number of rows written. It proves that PostgREST itself answered, and shows if nothing was written. */
const COUNT = { count: 'exact' } as const;

/** Sends entries in one request, and reads the answer. Returns undefined if all of them were applied. */
export async function sendEntries(
  client: TableClient,
  placed: readonly Placed[],
  context: TransportContext,
  errorCodes?: ErrorCodes,
): Promise<Failure | undefined> {
  const entries = placed.map(({ entry }) => entry);
  const first = only(placed).entry;
  const { op, table, id } = first;
  checkPlace(table, id);
  const result = await sendRequest(requestFor(client, entries, first), context);
  const failure = failureIn(result, context, errorCodes);
  if (failure) return failure;
  const count = rowsIn(result);
  // A DELETE that matches no row was applied before.
  if (op === 'DELETE' || count >= entries.length) return undefined;
  const isKeptFromUser = op === 'PATCH' && (await isThere(client, first, context));
  return failureOf(
    isKeptFromUser ? 'forbidden' : 'conflict',
    'No row was written: the row is gone, or a policy hides it from this user.',
  );
}

function requestFor(
  client: TableClient,
  entries: readonly UploadEntry[],
  { op, table, id, opData }: UploadEntry,
): PostgrestRequest {
  const rows = client.from(encodeURIComponent(table));
  const several = entries.length > 1;
  switch (op) {
    case 'PUT':
      return rows.upsert(several ? entries.map(toRow) : toRow({ opData, id }), COUNT);
    case 'PATCH':
      return rows.update(opData ?? {}, COUNT).eq('id', id);
    case 'DELETE':
      return several
        ? rows.delete(COUNT).in(
            'id',
            entries.map((entry) => entry.id),
          )
        : rows.delete(COUNT).eq('id', id);
  }
  throw new UploadError('misconfigured', 'An entry is not a PUT, PATCH or DELETE. The writes stay queued.');
}

function toRow({ opData, id }: Pick<UploadEntry, 'opData' | 'id'>): object {
  return { ...opData, id };
}

/** Whether the row exists. An UPDATE that a policy forbids matches no row, just like one of a missing row. */
async function isThere(
  client: TableClient,
  { table, id }: UploadEntry,
  context: TransportContext,
): Promise<boolean> {
  const look = client
    .from(encodeURIComponent(table))
    .select('id', { head: true, ...COUNT })
    .eq('id', id);
  look.retry?.(false); // The client retries reads by itself; here the connector decides that.
  const result = await sendRequest(look, context);
  const failure = failureIn(result, context);
  if (failure) throw failure.error;
  return rowsIn(result) > 0;
}

function rowsIn({ status, count }: PostgrestResult): number {
  if (typeof count === 'number' && count >= 0) return count;
  throw notTheContract(status, 'without a number of rows (Content-Range)');
}

/** Checks table and id, which are part of the url: invalid Unicode or a path like `..` would name something else. */
function checkPlace(table: string, id: string): void {
  try {
    encodeURIComponent(table + id);
    if (!/^\.{0,2}$/.test(table)) return;
  } catch {
    // refused below
  }
  throw new UploadError('invalid', 'The name of the table or the id of the row cannot be part of a URL.');
}
