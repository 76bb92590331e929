import { codeTable } from './code-table.ts';
import type { UploadErrorCode } from './codes.ts';

// From "Server Error Message Reference" of the MySQL 8.4 manual and "MariaDB Error Code Reference" of the MariaDB
// documentation. test/databases/mariadb.test.ts provokes those of MariaDB on a real server.
const read = /* @__PURE__ */ codeTable({
  timeout: [
    1317, // query killed
    1969, // MariaDB: max_statement_time
    3024, // MySQL: max_execution_time
  ],
  unavailable: [
    1020, // MariaDB: the row changed since the transaction's snapshot
    1021, // disk full
    1037, // out of memory
    1038,
    1040, // too many connections
    1041,
    1053, // shutting down
    1077, // shut down
    1079,
    1114, // table full: the disk's quota, or that of temporary tables
    1129, // host blocked after connection errors
    1152, // connection aborted
    1158, // network errors (1158 to 1161)
    1159,
    1160,
    1161,
    1180, // the commit failed
    1203, // too many connections of one user
    1205, // lock wait timeout
    1206, // out of locks
    1213, // deadlock
    1226, // limit per hour of one user
    1290, // --read-only: a replica
    1637, // too many transactions
    1792, // read-only transaction
    1836, // read-only mode
    1927, // MariaDB: connection killed
    2002, // no connection
    2003,
    2006, // server has gone away
    2013, // connection lost during the query
    2055,
    3101, // MySQL: rolled back by group replication
    3100, // MySQL: a hook of group replication failed
    3572, // MySQL: NOWAIT
    3796, // MySQL: clone or failover under way
    3886, // MySQL: killed by the failover of group replication
    1243, // unknown prepared statement, for example behind a pooler
    1615, // prepared statement must be prepared again
    1461, // too many prepared statements
    4031, // MySQL: disconnected while idle
  ],
  // Neither has row-level security: access is denied to the backend's own account, whoever the user is.
  misconfigured: [
    1044, // database
    1045, // password
    1142, // table
    1143, // column
    1227, // a global privilege
    1370, // routine
    1130, // host not allowed
    1698, // account
    1820, // password expired
    1862,
    3118, // MySQL: account locked
    4151, // MariaDB: account locked
  ],
  schema_mismatch: [
    1051, // unknown table
    1054, // unknown column
    1109, // unknown table in a part of a statement
    1146, // unknown table
    1305, // unknown routine
  ],
  conflict: [
    1022, // duplicate key
    1062,
    1169,
    1586,
    1216, // foreign key: no parent
    1452,
    1217, // foreign key: has children
    1451,
    1557, // a cascade would make a duplicate key
    1761,
    1762,
  ],
  invalid: [
    1048, // null
    1364, // no value and no default
    3819, // MySQL: CHECK
    4025, // MariaDB: CHECK
    1264, // out of range
    1690,
    1265, // truncated: ENUM, numbers
    1292, // wrong value, mostly dates
    1366,
    1367,
    1411,
    1525,
    1406, // too long
    1369, // WITH CHECK OPTION of a view
    1416, // not a geometry
    3140, // MySQL: not JSON
    1644, // SIGNAL: refused by a trigger or procedure of the app
  ],
  too_large: [1153], // max_allowed_packet
});

/**
 * Returns the error code for an error number of MySQL or MariaDB (`errno` of mysql2). A number that isn't certainly
 * about the row is `unknown`, which is retried.
 *
 * @example
 * ```ts
 * import { codeFromMySqlErrno } from 'powersync-backend-connector/codes';
 *
 * codeFromMySqlErrno(1062); // 'conflict': duplicate key
 * codeFromMySqlErrno(1213); // 'unavailable': deadlock
 * ```
 */
export function codeFromMySqlErrno(errno: number | undefined): UploadErrorCode {
  return read(errno);
}
