import { type Columns, isSame } from './columns.ts';

/**
 * Returns the row in a JSON body: `{...}`, `[{...}]`, or one of them as `data`, as `row` or as the only member. Null if
 * the body says that there is no row. Undefined if the body is anything else.
 */
export function rowIn(text: string): Columns | null | undefined {
  try {
    return unwrap(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function unwrap(json: unknown): Columns | null | undefined {
  if (json === null) return null;
  if (Array.isArray(json)) return json.length > 0 ? unwrap(json[0]) : null;
  if (typeof json !== 'object') return undefined;
  const members = Object.entries(json);
  if (members.some(([name]) => /^_?id$/i.test(name))) return json as Columns;
  const [, inner] = members.find(([name]) => name === 'data' || name === 'row') ?? members[0] ?? [];
  const isWrapper = typeof inner === 'object' && (members.length === 1 || 'data' in json || 'row' in json);
  return isWrapper ? unwrap(inner) : (json as Columns);
}

/** Returns true if a row that was read under an id has that id, or shows no id. */
export function hasId(row: Columns, id: string): boolean {
  const ids = Object.entries(row).filter(([name]) => /^_?id$/i.test(name));
  return ids.length === 0 || Object.values(row).some((value) => isId(value, id));
}

/**
 * Returns the id that the backend gave to a row instead of the one that was sent, from its answer to the PUT. Undefined
 * if the answer doesn't show the row, or shows the id that was sent.
 */
export function otherId(answer: string, id: string, sent: Columns = {}): string | undefined {
  const row = rowIn(answer);
  if (row == null || Object.values(row).some((value) => isId(value, id))) return undefined;
  const [, own] = Object.entries(row).find(([name]) => /^_?id$/i.test(name)) ?? [];
  if (typeof own !== 'string' && typeof own !== 'number') return undefined;
  // `{ id: 17 }` alone is a row too. With other members, it may be the id of a job or a request.
  const isRow = Object.keys(row).length === 1 || Object.keys(sent).some((name) => isTold(row, sent, name));
  return isRow ? String(own) : undefined;
}

function isTold(row: Columns, sent: Columns, name: string): boolean {
  return sent[name] != null && Object.hasOwn(row, name) && isSame(row[name], sent[name]);
}

function isId(value: unknown, id: string): boolean {
  return String(value).toLowerCase() === id.toLowerCase();
}
