import type { Placed } from '../combine/send-in-order.ts';

/** What PowerSync and Supabase advise for one request. */
const MAX_ENTRIES = 100;

/** Ids that can stand in a list of a url as they are, 100 of them within what every proxy takes (about 4 kB). */
const PLAIN_ID = /^[\w-]{1,40}$/;

/**
 * Splits entries into requests: neighbours that are PUTs of one table with the same columns, or DELETEs of one table,
 * travel together. Order is kept, and no request has a row twice.
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

/** Entries of equal kinds can be merged; undefined for one that has to travel alone. */
function kindOf({ entry: { op, table, id, opData = {} } }: Placed): string | undefined {
  // A row without a column that another one has would lose what it has there.
  if (op === 'PUT') return JSON.stringify([op, table, ...Object.keys({ ...opData, id }).sort()]);
  return op === 'DELETE' && PLAIN_ID.test(id) ? JSON.stringify([op, table]) : undefined;
}
