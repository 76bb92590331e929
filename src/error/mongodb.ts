import { codeTable } from './code-table.ts';
import type { UploadErrorCode } from './codes.ts';

// From documentation only, not tested on a running server: "Error Codes" of the MongoDB manual, and the retryable
// writes
// specification of its drivers. BadValue, FailedToParse and TypeMismatch are left out, because a faulty command of the
// backend causes them too.
const read = /* @__PURE__ */ codeTable({
  timeout: [
    50, // MaxTimeMSExpired
    11601, // Interrupted
  ],
  unavailable: [
    6, // HostUnreachable
    7, // HostNotFound
    24, // LockTimeout
    64, // WriteConcernTimeout
    89, // NetworkTimeout
    91, // ShutdownInProgress
    112, // WriteConflict: transient, as a deadlock is
    133, // FailedToSatisfyReadPreference
    134, // ReadConcernMajorityNotAvailableYet
    189, // PrimarySteppedDown
    202, // NetworkInterfaceExceededTimeLimit
    246, // SnapshotUnavailable
    225, // TransactionTooOld
    251, // NoSuchTransaction: it was aborted
    263, // OperationNotSupportedInTransaction: while a collection is being created
    262, // ExceededTimeLimit
    9001, // SocketException
    10058, // LegacyNotPrimary
    10107, // NotWritablePrimary
    11600, // InterruptedAtShutdown
    11602, // InterruptedDueToReplStateChange
    13388, // StaleConfig
    13435, // NotPrimaryNoSecondaryOk
    13436, // NotPrimaryOrSecondary
    14031, // OutOfDiskSpace
  ],
  misconfigured: [
    13, // Unauthorized: the backend's own account, since MongoDB has no permissions per document
    18, // AuthenticationFailed
    8000, // AtlasError
  ],
  schema_mismatch: [
    26, // NamespaceNotFound
    73, // InvalidNamespace
  ],
  conflict: [
    11000, // DuplicateKey
    11001,
    12582,
  ],
  invalid: [
    28, // PathNotViable
    52, // DollarPrefixedFieldName
    56, // EmptyFieldName
    57, // DottedFieldName
    66, // ImmutableField
    121, // DocumentValidationFailure
  ],
  too_large: [10334], // BSONObjectTooLarge
});

/**
 * Returns the error code for a MongoDB error code (`code` of a `MongoServerError`). A code that isn't certainly about
 * the document is `unknown`, which is retried.
 *
 * @example
 * ```ts
 * import { codeFromMongoCode } from 'powersync-backend-connector/codes';
 *
 * codeFromMongoCode(11000); // 'conflict': duplicate key
 * codeFromMongoCode(112); // 'unavailable': write conflict
 * ```
 */
export function codeFromMongoCode(code: number | undefined): UploadErrorCode {
  return read(code);
}
