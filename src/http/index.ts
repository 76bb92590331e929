export type { PlatformFetch } from '../globals.ts';
export { type BatchEndpointOptions, batchEndpoint } from './batch-endpoint.ts';
export { type CheckpointRequestsOptions, checkpointRequests } from './checkpoint-requests.ts';
export { readErrorPayload } from './error-payload.ts';
export type { HeadersContext, HeadersLike, HttpOptions, KyLike, RequestHeaders } from './http-client.ts';
export type { JsonAnswer } from './json-answer.ts';
export { type RowEndpointsOptions, type RowOutcome, rowEndpoints } from './row-endpoints.ts';
export type { OpRoute, RowRequest, RowRoute, RowRoutes } from './row-routes.ts';
export { type WriteApiOptions, writeApi } from './write-api.ts';
