export type { CheckpointRequest } from './checkpoint-requests.ts';
export {
  byField,
  byTimestamp,
  byVersion,
  type Conflict,
  type ConflictInput,
  type ConflictPolicy,
  cumulative,
  mergeWith,
  refuseConflicts,
} from './conflicts.ts';
export { createWriteHandler, type WriteHandler } from './create-write-handler.ts';
export type { OpenTransaction, TransactionOpener } from './database/client.ts';
export type { Database, Limits, Row } from './database/database.ts';
export { mysql } from './database/mysql.ts';
export type {
  MySqlCallbackPool,
  MySqlClient,
  MySqlConnection,
  MySqlPool,
} from './database/mysql-client.ts';
export { postgres } from './database/postgres.ts';
export type {
  PgConnection,
  PgPool,
  PostgresClient,
  PostgresJs,
  PostgresJsTransaction,
} from './database/postgres-client.ts';
export { Unauthenticated } from './http/unauthenticated.ts';
export { NotReady } from './open-tables.ts';
export type { Timeouts, WriteEvent, WriteHandlerOptions } from './options.ts';
export { InvalidUpload } from './read-upload.ts';
export type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.ts';
export type { Change, TableRules, User } from './tables.ts';
export { type JwtUser, type VerifyJwtOptions, verifyJwt } from './verify-jwt.ts';
export type {
  FailedOperation,
  FatalResult,
  Operation,
  TransactionResult,
  UploadedEntry,
  UploadedTransaction,
} from './wire.ts';
export { WriteRefused } from './write-refused.ts';
