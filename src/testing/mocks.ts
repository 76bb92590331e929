export type {
  MockEntry,
  MockTransaction,
  ReceivedRequest,
} from './mock/contract.ts';
export type { FailNextOptions, MockBackend, MockEndpoint, RejectNextOptions } from './mock/mock.ts';
export type { MockOptions, TransactionalMockOptions } from './mock/options.ts';
export type { MockRow, MockTables } from './mock/store.ts';
export {
  type MockBatchEndpoint,
  type MockBatchEndpointOptions,
  mockBatchEndpoint,
} from './mock-batch-endpoint.ts';
export {
  type MockRowEndpoints,
  type MockRowEndpointsOptions,
  type MockRowRequest,
  mockRowEndpoints,
} from './mock-row-endpoints.ts';
export {
  type MockTokenEndpoint,
  type MockTokenEndpointOptions,
  mockTokenEndpoint,
} from './mock-token-endpoint.ts';
export { type MockWriteApi, mockWriteApi } from './mock-write-api.ts';
