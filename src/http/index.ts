export type { PlatformFetch } from '../globals.ts';
export { type CheckpointRequestsOptions, checkpointRequests } from './checkpoint-requests.ts';
export type { HeadersContext, HeadersLike, HttpOptions, KyLike, RequestHeaders } from './http-client.ts';
export type { HeaderOptions } from './request-headers.ts';
export { type WriteApiOptions, writeApi } from './write-api.ts';
