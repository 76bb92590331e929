import { codeTable } from './code-table.ts';
import type { UploadErrorCode } from './codes.ts';

// "Server Error Message Reference" of the MySQL 8.4 manual, "MariaDB Error Code Reference" of the MariaDB documentation.
// Those that MariaDB has are provoked on a real one by test/databases/mariadb.test.ts.
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
    1077, // shut down, to 1079
    1079,
    1114, // table full: the disk's quota, or that of temporary tables
    1129, // host blocked after connection errors
    1152, // connection aborted
    1158, // network errors, to 1161
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
    2002, // no connection, to 2003
    2003,
    2006, // server has gone away
    2013, // connection lost during the query
    2055,
    3101, // MySQL: rolled back by group replication
    3100, // MySQL: a hook of group replication failed
    3572, // MySQL: NOWAIT
    3796, // MySQL: clone or failover under way
    3886, // MySQL: killed by the failover of group replication
    1243, // unknown prepared statement, as behind a pooler
    1615, // prepared statement has to be prepared again
    1461, // too many prepared statements
    4031, // MySQL: disconnected while idle
  ],
  // Neither knows row-level security: what is denied is denied to the backend's own account, whoever the user is.
  misconfigured: [
    1044, // database
    1045, // password
    1142, // table
    1143, // column
    1227, // a global privilege
    1370, // routine
    1130, // host not allowed
    1698, // account
    1820, // password expired, to 1862
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
    1364, // left out, and without a default
    3819, // MySQL: CHECK
    4025, // MariaDB: CHECK
    1264, // out of range
    1690,
    1265, // cut off: ENUM, numbers
    1292, // wrong value, of dates above all
    1366,
    1367,
    1411,
    1525,
    1406, // too long
    1369, // WITH CHECK OPTION of a view
    1416, // no geometry
    3140, // MySQL: no JSON
    1644, // SIGNAL: refused by a trigger or procedure of the app
  ],
  too_large: [1153], // max_allowed_packet
});

/**
 * What an error number of MySQL or MariaDB (`errno` of mysql2) means for the write that met it; `unknown`, which is
 * retried, for any that doesn't surely speak of the row.
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
