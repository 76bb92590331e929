import type { UploadErrorCode } from '../error/codes.ts';
import { codeFromSqlState } from '../error/sqlstate.ts';

// Messages of PostgreSQL, MySQL and MariaDB, SQL Server and MongoDB, and of zod, which some backends check rows with.
// Messages about a single row are matched at their beginning only, because the rest may quote the row. Words of an
// outage may be anywhere but in quotation marks. The first pattern that matches counts.
const PATTERNS: readonly (readonly [RegExp, UploadErrorCode])[] = [
  [
    /^(duplicate key value|conflicting key value|(insert|update) or \w+ on table .* foreign key|duplicate entry|cannot (add|delete) or update a|e11000 |violation of (primary|unique) key|cannot insert duplicate key|the \w+ statement conflicted)/i,
    'conflict',
  ],
  [
    /^(null value in column|new row for relation|invalid input (syntax|value)|value too long|value ".*out of range|\w+ out of range|numeric field over|date\/time field value|malformed (array|range|record) lit|column '.*cannot be null|field '.*default value|check constraint|constraint `|data (too long|truncated) for|out of range value|incorrect \w+ value|cannot insert the value null|conversion failed|invalid byte sequence|unsupported unicode|arithmetic overflow|string or binary data|document failed validation|\[\s*\{[^{}]{0,300}"code": ?"(invalid|too)_)/is,
    'invalid',
  ],
  [/^new row violates row-level/i, 'forbidden'],
  [/^permission denied for/i, 'misconfigured'], // denied to the backend's own account
  [
    /^((relation|column|function|procedure|type) .*does not exist|table '.*doesn't exist|unknown (column|table)|invalid (object|column) name)/i,
    'schema_mismatch',
  ],
  [
    /\bE(conn\w+|timed?out|notfound|ai_again|pipe|hostunreach|netunreach|socket)\b|(\b|_)time(d? |-)?out\b|\bdeadlock|(not|to|can't|unable to) connect\b|can't reach database|cached plan must not|prepared statement .{0,99}exist|\bconnection( \S+){0,8} (terminated|refused|reset|lost|closed|failed|exhausted)|\b(terminating|closed the) connection|\b(connection is closed|connection slots|too many (clients|connections)|the database system is|could not (serialize|obtain lock|translate host)|canceling statement|server (has gone|selection)|read.only (transaction|mode|option)|try restarting transaction|execution was interrupted|(access|command) denied|authentication failed|max_user_connections|out of (shared )?memory|no space left|(reading from|writing to) (the )?stream|not (primary|master)|writeconflict|topology (is|was)|not queryable|name or service not known|shutdown in progress|certificate has expired)\b|\[2002\] no such file/i,
    'unavailable',
  ],
];

/**
 * Reads a database's message that a backend passed on: known words show whether it is about an outage or about the row.
 * Undefined if there are no known words.
 */
export function codeFromFailureText(text: string): UploadErrorCode | undefined {
  const words = text
    .replace(/^Request failed: */, '')
    .replace(/ \((Connection|SQL): .*/s, '') // Laravel adds the statement, which holds row data.
    .replace(/^error: /i, '');
  const [, inBrackets, leading] = /^(?:SQLSTATE\[(\w{5})\]|([0-9A-Z]{5}): )/.exec(words) ?? [];
  const sqlState = inBrackets ?? leading ?? '';
  const known = codeFromSqlState(sqlState);
  // MySQL has one SQLSTATE for all constraints.
  if (known === 'unknown' || sqlState === '23000') {
    const own = words.replace(/^SQLSTATE\[\w{5}\]: [^:]{1,99}: \d{1,5} /, ''); // PDO's words are before those of the server.
    const byWords = PATTERNS.find(([pattern, code]) =>
      pattern.test(code === 'unavailable' ? withoutQuotes(own) : own),
    );
    return byWords?.[1] ?? (known === 'unknown' ? undefined : known);
  }
  // Without row-level security, the backend's own account lacks the permission.
  return known === 'forbidden' && !/row-level/.test(words) ? 'misconfigured' : known;
}

/** Without what stands in quotation marks: a value of the row, or the name of a column, may be a word for an outage. */
function withoutQuotes(words: string): string {
  return words.replace(
    /(^|[^\w])(?:'(?!max_user)[^']{0,200}'|"[^"]{0,200}"|`[^`]{0,200}`|»[^«]{0,200}«|„[^“]{0,200}“)/g,
    '$1',
  );
}
