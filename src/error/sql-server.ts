import { codeTable } from './code-table.ts';
import type { UploadErrorCode } from './codes.ts';

// From documentation only, not tested on a running server: "Database Engine events and errors", "Troubleshoot
// connectivity
// issues and other errors with Azure SQL" (learn.microsoft.com), and the transient errors of Microsoft.Data.SqlClient.
const read = /* @__PURE__ */ codeTable({
  timeout: [-2], // the client's command timeout
  unavailable: [
    1204, // out of locks
    1205, // deadlock
    1222, // lock timeout
    3960, // changed since the snapshot
    41301, // memory-optimised tables: dependency, conflict and validation failures
    41302,
    41305,
    41325,
    41839,
    701, // out of memory
    802,
    8645,
    8651,
    1101, // disk full
    1105,
    9002, // log full
    3906, // read-only database
    3908,
    976, // availability group: not the primary, or not synchronised
    978,
    979,
    983,
    1468, // mirroring: the principal has moved
    3998, // uncommittable transaction
    586, // prepared statement is gone, for example behind a pooler
    8179,
    596, // session being killed
    921, // database not up yet
    926,
    615,
    4060, // database can't be opened
    4221,
    6001, // shutting down
    6005,
    18401,
    18451,
    17142, // paused
    20, // connection failures
    64,
    121,
    233,
    997,
    10053,
    10054,
    10060,
    10928, // Azure: resource limits
    10929,
    10936,
    40143,
    40197, // Azure: reconfiguration, throttling
    40501,
    40540,
    40544,
    40549,
    40550,
    40551,
    40552,
    40553,
    40613,
    42108, // Azure Synapse: paused
    42109,
    49918,
    49919,
    49920,
  ],
  misconfigured: [
    229, // permission on an object, denied to the backend's own account
    230, // on a column
    916, // on the database
    262, // in the database
    297, // for the action
    300, // on the server
    911, // the database doesn't exist
    18470, // login disabled
    18486, // login locked
    18487, // password expired
    18488,
    18456, // login
  ],
  schema_mismatch: [
    207, // column
    208, // table or view
    2812, // procedure
  ],
  forbidden: [33504], // block predicate of a row-level security policy
  conflict: [
    547, // foreign key; CHECK has the same number
    2601, // unique index
    2627, // unique or primary key
  ],
  invalid: [
    515, // null
    220, // arithmetic overflow
    232,
    8115,
    241, // conversion of dates
    242,
    295,
    296,
    244, // conversion of numbers
    245,
    248,
    8114,
    8169, // conversion to uniqueidentifier
    2628, // too long
    8152,
    550, // WITH CHECK OPTION of a view
  ],
});

/**
 * Returns the error code for an error number of SQL Server or Azure SQL (`number` of mssql and tedious). Numbers from
 * 50 000 are `RAISERROR` and `THROW` of the app's own triggers and procedures: `invalid`. A number that isn't certainly
 * about the row is `unknown`, which is retried.
 *
 * @example
 * ```ts
 * import { codeFromSqlServerNumber } from 'powersync-backend-connector/codes';
 *
 * codeFromSqlServerNumber(2627); // 'conflict': unique key
 * codeFromSqlServerNumber(1205); // 'unavailable': deadlock
 * ```
 */
export function codeFromSqlServerNumber(number: number | undefined): UploadErrorCode {
  return number !== undefined && number >= 50_000 ? 'invalid' : read(number);
}
