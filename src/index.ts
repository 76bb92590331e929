export type { TokenCache } from './auth/kept-token.ts';
export type { CredentialsProvider } from './auth/token-cache.ts';
export { BackendConnector, type DrainReport } from './backend-connector.ts';
export {
  type BatchingOptions,
  type BatchingStrategy,
  perTransaction,
  transactions,
} from './batching/strategy.ts';
export type { CheckpointRequest } from './checkpoint-request.ts';
export type {
  ClearableDatabase,
  DrainAndClearOptions,
  DrainAndClearReport,
  Leftover,
} from './drain-and-clear.ts';
export type { PlatformAbortSignal } from './globals.ts';
export type {
  BackendConnectorOptions,
  EntryTransform,
  RetryOptions,
  TransactionTransform,
  Transform,
} from './options.ts';
export { codeFromGrpcCode } from './outcome/grpc-code.ts';
export { codeFromHttpStatus } from './outcome/http-status.ts';
export type { Outcome } from './outcome/outcome.ts';
export { codeFromSqlState } from './outcome/sqlstate.ts';
export {
  isUploadError,
  type RetryBudget,
  UploadError,
  type UploadErrorCode,
  type UploadErrorOptions,
} from './outcome/upload-error.ts';
export type { UploadFailure, Verdict } from './outcome/verdict.ts';
export type { ExportedTransaction } from './owners/export-queued.ts';
export { type EntryContext, type PerEntryOptions, perEntry, type SendEntry } from './per-entry/per-entry.ts';
export type { ConnectorDatabase, CrudBatchLike, CrudEntryLike } from './queue/database.ts';
export type { UploadEntry, UploadTransaction } from './queue/transaction.ts';
export type { RejectedTransaction, RejectionContext, RejectionPolicy } from './rejections/policy.ts';
export { type RecordOptions, record } from './rejections/record.ts';
export { type Route, type RoutesByTable, route } from './route.ts';
export type { UploadEvent } from './status/events.ts';
export type { UploadCounters, UploadStatus } from './status/upload-status.ts';
export type { Transport, TransportContext, UploadBatch } from './transport.ts';
export type { ErrorCodes } from './write-api/read-results.ts';
