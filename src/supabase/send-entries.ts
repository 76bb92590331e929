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

/** The number of rows that a request wrote: the proof that PostgREST itself answered, and what tells a lost write. */
const COUNT = { count: 'exact' } as const;

/** Sends entries that travel together, and reads the answer: undefined once all of them are applied. */
export async function sendEntries(
  client: TableClient,
  placed: readonly Placed[],
  context: TransportContext,
  errorCodes?: ErrorCodes,
): Promise<Failure | undefined> {
  const entries = placed.map(({ entry }) => entry);
  const first = only(placed).entry;
  const { op, table, id } = first;
  if (op === 'PATCH' && Object.keys(first.opData ?? {}).length === 0) return undefined;
  checkPlace(table, id);
  const result = await sendRequest(requestFor(client, entries, first), context);
  const failure = failureIn(result, context, errorCodes);
  if (failure) return failure;
  const count = rowsIn(result);
  // A DELETE that matches nothing was applied before.
  if (op === 'DELETE' || count >= entries.length) return undefined;
  const isKeptFromUser = op === 'PATCH' && (await isThere(client, first, context));
  return failureOf(
    isKeptFromUser ? 'forbidden' : 'conflict',
    'No row was written: it is gone, or kept from this user.',
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
  throw new UploadError('misconfigured', 'An entry is no PUT, PATCH or DELETE.');
}

function toRow({ opData, id }: Pick<UploadEntry, 'opData' | 'id'>): object {
  return { ...opData, id };
}

/** An UPDATE that a policy forbids matches nothing, as if the row weren't there; so it is looked for. */
async function isThere(
  client: TableClient,
  { table, id }: UploadEntry,
  context: TransportContext,
): Promise<boolean> {
  const look = client
    .from(encodeURIComponent(table))
    .select('id', { head: true, ...COUNT })
    .eq('id', id);
  look.retry?.(false); // The client waits and repeats what only reads; here the connector decides that.
  const result = await sendRequest(look, context);
  const failure = failureIn(result, context);
  if (failure) throw failure.error;
  return rowsIn(result) > 0;
}

function rowsIn({ status, count }: PostgrestResult): number {
  if (typeof count === 'number' && count >= 0) return count;
  throw notTheContract(status, 'without a number of rows (Content-Range)');
}

/** Both stand in the url, where a text that isn't valid Unicode, or a path that goes up, would name something else. */
function checkPlace(table: string, id: string): void {
  try {
    encodeURIComponent(table + id);
    if (!/^\.{0,2}$/.test(table)) return;
  } catch {
    // refused below
  }
  throw new UploadError('invalid', 'A table or an id cannot stand in a url.');
}
