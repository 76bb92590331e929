import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';

/**
 * Fills a path template: `{table}`, `{id}`, or a column of the entry. Whatever a value holds, it stays within one path
 * segment. So it can't become the path of another row or of the whole table.
 *
 * @throws UploadError `misconfigured` for a column that the entry doesn't have, `invalid` for a value that can't be in
 * a path.
 */
export function fillPath(template: string, entry: UploadEntry): string {
  const path = template.replace(/\{([^{}]*)\}/g, (_, name: string) => encode(parameter(name, entry), name));
  const [beforeQuery = ''] = path.split(/[?#]/);
  // In the URL standard these segments mean "here" and "one up", even if they are escaped.
  if (beforeQuery.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment))) throw noPath('an id');
  return path;
}

function parameter(name: string, { table, id, opData, previousValues }: UploadEntry): unknown {
  if (name === 'table') return table;
  if (name === 'id') return id;
  const value: unknown = opData?.[name] ?? previousValues?.[name];
  if (value === undefined || value === null) {
    throw new UploadError(
      'misconfigured',
      `The path of table "${table}" needs its column "${name}", which the entry doesn't have. Let the schema track ` +
        'previous values (trackPrevious), or use another path. The writes stay queued.',
    );
  }
  return value;
}

function encode(value: unknown, name: string): string {
  const text = String(value);
  if (text === '') throw noPath(`an empty ${name}`);
  try {
    // `'` and brackets, too: in a message of a platform they would look like the end of the url.
    return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  } catch {
    throw noPath(`half a character in ${name}`); // a lone surrogate
  }
}

function noPath(what: string): UploadError {
  return new UploadError(
    'invalid',
    `The row has ${what}, which can't be part of a URL path, so the row has no URL.`,
  );
}

/** Appends a path to a base url, before its query. */
export function joinUrl(base: string, path: string): string {
  const [, home = '', query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(base) ?? [];
  const joined = `${home.replace(/(^|[^/])\/+$/, '$1')}${path.startsWith('/') ? '' : '/'}${path}`;
  return path.includes('?') ? joined + query.replace('?', '&') : joined + query;
}
