import { codeFromSqlState } from '../outcome/sqlstate.ts';
import type { UploadErrorCode } from '../outcome/upload-error.ts';

// How messages about a single row begin, in PostgreSQL, MySQL and MariaDB, SQL Server, and MongoDB. Only the beginning
// counts: what follows may quote the row. The first pattern that fits decides.
const BEGINNINGS: readonly (readonly [RegExp, UploadErrorCode])[] = [
  [/^(duplicate key value|conflicting key value) violates /i, 'conflict'],
  [/^(insert or update|update or delete) on table \S+ violates foreign key/i, 'conflict'],
  [/^(Duplicate entry|Cannot (add|delete) or update a (child|parent) row|E11000 duplicate key)/, 'conflict'],
  [
    /^(Violation of (PRIMARY|UNIQUE) KEY|Cannot insert duplicate key|The \w+ statement conflicted)/,
    'conflict',
  ],
  [/^(null value in column|new row for relation) .* violates (not-null|check) constraint/i, 'invalid'],
  [
    /^(invalid input (syntax|value) for|value too long for type|malformed (array|range|record) lit)/i,
    'invalid',
  ],
  [/^((small|big)?int(eger)?|date\/time field value|value "[\s\S]*") (is )?out of range/i, 'invalid'],
  [/^numeric field overflow/i, 'invalid'],
  [/^(Column '.*' cannot be null|Field '.*' doesn't have a default|Check constraint '.*' is vio)/, 'invalid'],
  [/^(Data (too long|truncated)|Out of range value) for column|^Incorrect \w+ value: /, 'invalid'],
  [/^CONSTRAINT `.*` failed for/, 'invalid'],
  [/^(Cannot insert the value NULL|Conversion failed when|Arithmetic overflow|String or binary)/, 'invalid'],
  [/^Document failed validation/, 'invalid'],
  [/^(permission denied for|new row violates row-level security)/i, 'forbidden'],
  [/^(relation|column) .* does not exist|^Table '.*' doesn't exist|^Unknown column '/i, 'schema_mismatch'],
  [/^Invalid (object|column) name '/, 'schema_mismatch'],
];

/** Words of an outage, wherever they stand. That they may be those of a row does no harm: its write is kept. */
const OUTAGE = new RegExp(
  [
    'E(CONN\\w+|TIMED?OUT|NOTFOUND|AI_AGAIN|PIPE|HOSTUNREACH|NET(UNREACH|DOWN)|SOCKET)\\b',
    '\\btime(d |-)?out\\b',
    '\\bdeadlock',
    "\\b(could not|failed to|can't|cannot|unable to) connect",
    '\\bconnection( \\S+){0,8} (terminated|refused|reset|lost|closed|failed|exhausted)',
    '\\b(terminating|closed the|terminated) connection',
    '\\bconnection (slots|is closed)|\\bwhile (reading from|writing to) (the )?stream',
    '\\btoo many (clients|connections)',
    '\\bthe database system is ',
    '\\bcould not (serialize access|obtain lock|translate host)',
    '\\bcanceling statement',
    '\\bserver (has gone away|selection)',
    '\\bread-only (transaction|mode)',
    '\\bout of (shared )?memory|no space left|disk full',
    '\\bnot (primary|master)\\b|\\bWriteConflict\\b|\\btopology ',
  ].join('|'),
  'i',
);

/**
 * Tells by known words whether a database's message, passed on by a backend, speaks of an outage or of the row;
 * undefined where it can't be told.
 */
export function codeFromFailureText(text: string): UploadErrorCode | undefined {
  const words = text
    .replace(/^Request failed: */, '')
    .replace(/ \((Connection|SQL): [\s\S]*/, '') // Laravel adds the statement, and so the row.
    .replace(/^error: /i, '');
  const [, inBrackets, leading] = /^(?:SQLSTATE\[([0-9A-Z]{5})\]|([0-9A-Z]{5}): )/.exec(words) ?? [];
  const bySqlState = codeFromSqlState(inBrackets ?? leading ?? '');
  if (bySqlState !== 'unknown') return bySqlState;
  const beginning = BEGINNINGS.find(([pattern]) => pattern.test(words));
  return beginning?.[1] ?? (OUTAGE.test(words) ? 'unavailable' : undefined);
}
