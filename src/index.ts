export type { TokenCache } from './auth/kept-token.ts';
export type { CredentialsProvider } from './auth/token-cache.ts';
export { BackendConnector, type DrainReport } from './backend-connector.ts';
export type { ErrorCodes } from './contract/read-results.ts';
export type { ConnectorDatabase, CrudBatchLike, CrudEntryLike } from './database/database.ts';
export type { UploadErrorCode, Verdict } from './error/codes.ts';
export type { UploadFailure } from './error/upload-error.ts';
export {
  isUploadError,
  type RetryBudget,
  UploadError,
  type UploadErrorOptions,
} from './error/upload-error.ts';
export type { BackendConnectorOptions, RetryOptions } from './options.ts';
export type {
  ClearableDatabase,
  DrainAndClearOptions,
  DrainAndClearReport,
  Leftover,
} from './owners/drain-and-clear.ts';
export type { ExportedTransaction } from './owners/export-queued.ts';
export type { UploadEntry, UploadTransaction } from './queue/transaction.ts';
export type { RejectedTransaction, RejectionContext, RejectionPolicy } from './rejections/policy.ts';
export { type RecordOptions, record } from './rejections/record.ts';
export type { UploadEvent } from './status/events.ts';
export type { UploadCounters, UploadStatus } from './status/upload-status.ts';
export type { BatchingOptions, BatchingStrategy } from './transport/batching.ts';
export type { CheckpointRequest } from './transport/checkpoint-request.ts';
export type { Outcome } from './transport/outcome.ts';
export type { PlatformAbortSignal } from './transport/platform.ts';
export type { Transform, TransformContext } from './transport/transform.ts';
export type { Transport, TransportContext, UploadBatch } from './transport/transport.ts';
