import { PostgrestError } from './errors.ts';

/** A filter of the query: `<column>=eq.<value>` or `<column>=in.(<value>,"<value>")`. */
export interface Filter {
  column: string;
  values: string[];
}

const NO_FILTERS = ['select', 'columns', 'on_conflict'];

export function readFilters(query: URLSearchParams): Filter[] {
  const filters: Filter[] = [];
  for (const [column, text] of query) {
    if (NO_FILTERS.includes(column)) continue;
    const [, operator, value] = /^(eq|in)\.(.*)$/s.exec(text) ?? [];
    if (operator === 'eq') filters.push({ column, values: [value ?? ''] });
    else if (operator === 'in') filters.push({ column, values: readList(value ?? '') });
    else throw new PostgrestError(400, 'PGRST100', `"failed to parse filter (${text})"`);
  }
  return filters;
}

/** `(a,"b,c")`. A quoted value may contain anything, with a backslash before quotes and backslashes. */
function readList(text: string): string[] {
  const values: string[] = [];
  let rest = /^\((.*)\)$/s.exec(text)?.[1];
  while (rest !== undefined) {
    const element: RegExpExecArray | null = /^(?:"((?:[^"\\]|\\.)*)"|([^,()]*))(,|$)/s.exec(rest);
    if (!element) break;
    const [whole, quoted, plain = '', comma] = element;
    values.push(quoted?.replaceAll(/\\(.)/gs, '$1') ?? plain);
    if (comma === '') return values;
    rest = rest.slice(whole.length);
  }
  throw new PostgrestError(400, 'PGRST100', `"failed to parse filter (in.${text})"`);
}

/** Names in a `columns` parameter: `"a","b"`. */
export function readNames(text: string): string[] {
  return text.split(',').map((name) => name.replaceAll('"', ''));
}
