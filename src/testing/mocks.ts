export type {
  MockEntry,
  MockTransaction,
  ReceivedRequest,
} from './mock/contract.ts';
export type {
  MockBackend,
  MockEndpoint,
  MockResultsBackend,
} from './mock/mock.ts';
export type { MockOptions, TransactionalMockOptions } from './mock/options.ts';
export type { MockTables } from './mock/tables.ts';
export {
  type MockBatchEndpoint,
  type MockBatchEndpointOptions,
  mockBatchEndpoint,
} from './mock-batch-endpoint.ts';
export { type MockEdgeFunctionOptions, mockEdgeFunction } from './mock-edge-function.ts';
export { type MockGraphqlOperation, type MockGraphqlOptions, mockGraphql } from './mock-graphql.ts';
export { type MockPostgrest, mockPostgrest } from './mock-postgrest.ts';
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
export { mockWriteApi } from './mock-write-api.ts';
export { type MockWriteService, mockWriteService } from './mock-write-service.ts';
