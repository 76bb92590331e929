import type { Placed } from '../combine/send-in-order.ts';

/** Most entries in one request, as PowerSync and Supabase advise. */
const MAX_ENTRIES = 100;

/** Ids that can be listed in a url unescaped. 100 of them stay below the limit of every proxy (about 4 kB). */
const PLAIN_ID = /^[\w-]{1,40}$/;

/**
 * Splits entries into requests. Neighbours are merged if they are PUTs of one table with the same columns, or DELETEs
 * of one table. Order is kept, and no request has a row twice.
 */
export function mergeEntries(entries: readonly Placed[]): readonly (readonly Placed[])[] {
  const requests: Placed[][] = [];
  let kind: string | undefined;
  let ids = new Set<string>();
  for (const each of entries) {
    const { id } = each.entry;
    const thisKind = kindOf(each);
    const last = requests[requests.length - 1];
    if (last && thisKind !== undefined && thisKind === kind && !ids.has(id) && last.length < MAX_ENTRIES) {
      last.push(each);
    } else {
      requests.push([each]);
      kind = thisKind;
      ids = new Set();
    }
    ids.add(id);
  }
  return requests;
}

/** Entries of the same kind can be merged. Undefined for an entry that has to be sent alone. */
function kindOf({ entry: { op, table, id, opData = {} } }: Placed): string | undefined {
  // With different columns, PostgREST would overwrite the columns that a row doesn't have.
  if (op === 'PUT') return JSON.stringify([op, table, ...Object.keys({ ...opData, id }).sort()]);
  return op === 'DELETE' && PLAIN_ID.test(id) ? JSON.stringify([op, table]) : undefined;
}
