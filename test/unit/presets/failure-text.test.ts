import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultVerdict } from '../../../src/error/codes.ts';
import { codeFromFailureText } from '../../../src/presets/failure-text.ts';

const OUTAGES = [
  'connect ECONNREFUSED 127.0.0.1:5432',
  'read ECONNRESET',
  'Client has encountered a connection error and is not queryable', // what pg says when ROLLBACK fails, too
  'Client was closed and is not queryable',
  'connect ETIMEDOUT 10.0.0.1:5432',
  'getaddrinfo ENOTFOUND db.example',
  'getaddrinfo EAI_AGAIN db',
  'write EPIPE',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout exceeded when trying to connect',
  'Query read timeout',
  'sorry, too many clients already',
  "Can't reach database server at `db`:`5432`",
  'cached plan must not change result type',
  'prepared statement "s1" does not exist',
  'prepared statement "s1" already exists',
  'remaining connection slots are reserved for roles with the SUPERUSER attribute',
  'the database system is starting up',
  'the database system is shutting down',
  'terminating connection due to administrator command',
  'server closed the connection unexpectedly',
  'canceling statement due to statement timeout',
  'deadlock detected',
  'could not serialize access due to concurrent update',
  'could not obtain lock on row in relation "lists"',
  'cannot execute INSERT in a read-only transaction',
  'out of shared memory',
  'Connection lost: The server closed the connection.',
  'Too many connections',
  'Lock wait timeout exceeded; try restarting transaction',
  'Deadlock found when trying to get lock; try restarting transaction',
  'MySQL server has gone away',
  'Transaction (Process ID 52) was deadlocked on lock resources with another process',
  'Failed to connect to localhost:1433 - Could not connect (sequence)',
  'Server selection timed out after 30000 ms',
  'Topology is closed',
  'not primary',
  'Failed to connect to 127.0.0.1:5432',
  'Exception while reading from stream',
  'The connection pool has been exhausted, either raise MaxPoolSize or Timeout',
  'SQLSTATE[08006] [7] connection to server at "127.0.0.1", port 5432 failed: Connection refused',
  'SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: insert into `lists` values (1))',
  '57P01: terminating connection due to administrator command',
  '40P01: deadlock detected',
  'password authentication failed for user "app"',
  "INSERT command denied to user 'app'@'%' for table `app`.`todos`",
  'SQLSTATE[HY000] [2002] No such file or directory',
  'php_network_getaddresses: getaddrinfo failed: Name or service not known',
  'query_wait_timeout',
  'write CONNECT_TIMEOUT db.example:5432',
  'Lock request time out period exceeded.',
  'Server shutdown in progress',
  'certificate has expired',
];

/** Messages about a row whose value, or whose column, is a word for an outage. */
const QUOTED = [
  "Truncated incorrect DOUBLE value: 'timeout'",
  'column "timeout" is of type integer but expression is of type text',
  'ungültige Eingabesyntax für Typ integer: »Timeout«',
  'Title "Deadlock" is not allowed',
  "Value 'connection refused' is not allowed",
  'Invalid value `ECONNREFUSED`',
  'bad row: "ECONNREFUSED"',
];

describe('codeFromFailureText', () => {
  it.each(QUOTED)('reads no outage in what is quoted: %s', (text) => {
    expect(codeFromFailureText(text)).not.toBe('unavailable');
  });

  it.each(OUTAGES)('reads an outage: %s', (text) => {
    for (const words of [text, `Request failed: ${text}`, `Request failed:${text}`, `error: ${text}`])
      expect(defaultVerdict(codeFromFailureText(words) ?? 'invalid')).toBe('retry');
  });

  it.each([
    ['conflict', 'duplicate key value violates unique constraint "lists_pkey"'],
    ['conflict', 'insert or update on table "todos" violates foreign key constraint "todos_list_id_fkey"'],
    ['conflict', 'update or delete on table "lists" violates foreign key constraint "x" on table "todos"'],
    ['conflict', 'conflicting key value violates exclusion constraint "no_overlap"'],
    ['conflict', "Duplicate entry 'a' for key 'PRIMARY'"],
    ['conflict', 'Cannot add or update a child row: a foreign key constraint fails (`app`.`todos`, …)'],
    ['conflict', 'Cannot delete or update a parent row: a foreign key constraint fails'],
    ['conflict', 'E11000 duplicate key error collection: app.lists index: _id_ dup key: { _id: "a" }'],
    ['conflict', "Violation of PRIMARY KEY constraint 'PK_lists'. Cannot insert duplicate key in object"],
    ['conflict', "Cannot insert duplicate key row in object 'dbo.lists' with unique index 'name'."],
    ['conflict', 'The INSERT statement conflicted with the FOREIGN KEY constraint "FK_list".'],
    ['conflict', '23505: duplicate key value violates unique constraint "x"\n\nDETAIL: Detail redacted'],
    [
      'conflict',
      'SQLSTATE[23505]: Unique violation: 7 ERROR:  duplicate key value (Connection: pgsql, SQL: x)',
    ],
    ['invalid', 'null value in column "name" of relation "lists" violates not-null constraint'],
    ['invalid', 'new row for relation "todos" violates check constraint "priority"'],
    ['invalid', 'invalid input syntax for type uuid: "abc"'],
    ['invalid', 'invalid byte sequence for encoding "UTF8": 0x00'],
    ['invalid', 'unsupported Unicode escape sequence'],
    ['schema_mismatch', 'type "projects" does not exist'], // of the persister for PostgreSQL, to an unknown table
    ['invalid', 'invalid input value for enum state: "late"'],
    ['invalid', 'value too long for type character varying(10)'],
    ['invalid', 'value "99999999999" is out of range for type integer'],
    ['invalid', 'integer out of range'],
    ['invalid', 'numeric field overflow'],
    ['invalid', 'date/time field value out of range: "2026-13-01"'],
    ['invalid', 'malformed array literal: "a"'],
    ['invalid', "Column 'name' cannot be null"],
    ['invalid', "Field 'name' doesn't have a default value"],
    ['invalid', "Check constraint 'priority' is violated."],
    ['invalid', 'CONSTRAINT `todos.priority` failed for `app`.`todos`'],
    ['invalid', "Data too long for column 'name' at row 1"],
    ['invalid', "Data truncated for column 'state' at row 1"],
    ['invalid', "Out of range value for column 'priority' at row 1"],
    ['invalid', "Incorrect integer value: 'high' for column 'priority' at row 1"],
    ['invalid', "Cannot insert the value NULL into column 'name'"],
    ['invalid', "Conversion failed when converting the varchar value 'a' to data type int."],
    ['invalid', 'Arithmetic overflow error converting expression to data type int.'],
    ['invalid', 'String or binary data would be truncated'],
    ['invalid', 'Document failed validation'],
    ['invalid', '23502: null value in column "name" violates not-null constraint'],
    ['misconfigured', 'permission denied for table lists'],
    ['misconfigured', '42501: permission denied for table lists'],
    ['misconfigured', 'SQLSTATE[42501]: Insufficient privilege: 7 ERROR:  permission denied for table lists'],
    ['forbidden', '42501: new row violates row-level security policy for table "lists"'],
    ['forbidden', 'new row violates row-level security policy for table "lists"'],
    ['schema_mismatch', 'relation "projects" does not exist'],
    ['schema_mismatch', 'column "colour" of relation "lists" does not exist'],
    ['schema_mismatch', "Table 'app.projects' doesn't exist"],
    ['schema_mismatch', "Unknown column 'colour' in 'field list'"],
    ['schema_mismatch', "Invalid object name 'projects'."],
    ['schema_mismatch', 'Unknown table: projects'],
    ['schema_mismatch', "Unknown table 'app.projects'"],
    ['invalid', '[\n  {\n    "expected": "string",\n    "code": "invalid_type",\n    "path": []\n  }\n]'],
    ['invalid', '[{ "code": "too_small", "minimum": 1 }]'],
    ['schema_mismatch', '42P01: relation "projects" does not exist'],
  ])('reads %s: %s', (code, text) => {
    expect(codeFromFailureText(text)).toBe(code);
    expect(codeFromFailureText(`Request failed: ${text}`)).toBe(code);
  });

  it.each([
    '',
    'syntax error at or near "WHERE"',
    "Cannot read properties of undefined (reading 'id')",
    'Undefined variable $id',
    'it violates our rules',
    'the name is a duplicate key value',
    'SQLSTATE[HY000]: General error',
    'stderr: bad',
    'the row has an unknown table',
    '[{ "code": "E42" }]',
  ])('cannot tell: %s', (text) => {
    expect(codeFromFailureText(text)).toBeUndefined();
  });

  it.each([
    ['a constraint in the row', 'SQLSTATE[08006] [7] gone (Connection: pgsql, SQL: duplicate key value)'],
    ['a constraint behind the outage', 'read ECONNRESET while writing "duplicate key value violates"'],
  ])('keeps the write for %s', (_, text) => {
    expect(defaultVerdict(codeFromFailureText(text) ?? 'invalid')).toBe('retry');
  });

  it('reads the row at fault by the beginning, whatever the row quotes', () => {
    expect(codeFromFailureText('invalid input syntax for type integer: "deadlock detected"')).toBe('invalid');
    expect(codeFromFailureText("Incorrect date value: 'connection lost' for column 'due'")).toBe('invalid');
    expect(codeFromFailureText('value "a\nb" is out of range for type integer')).toBe('invalid');
  });

  it('never rejects for an outage, whatever is said behind it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OUTAGES), fc.string(), (outage, more) => {
        const code = codeFromFailureText(`Request failed: ${outage} ${more}`) ?? 'unclassified';
        expect(['retry', 'ambiguous']).toContain(defaultVerdict(code));
      }),
    );
  });

  it('takes no time for a long text', () => {
    const text = 'connection '.repeat(100_000);
    expect(codeFromFailureText(text)).toBeUndefined();
  });
});
