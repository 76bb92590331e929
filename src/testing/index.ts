// Exports what an app imports by name. Types that only appear in parameters and return values are `type` aliases in
// their own files and aren't exported, so that an app's generated declarations can inline them.
export type { ConnectorCase } from './connector/connector-case.ts';
export type {
  BackendAnswer,
  ConnectorBackend,
  ConnectorSetup,
  ContractConnector,
  ContractLogin,
  ReceivedTransaction,
} from './connector/setup.ts';
export { connectorContract } from './connector-contract.ts';
export { type FakeClock, fakeClock } from './fake-clock.ts';
export type { MemoryCrudEntry } from './memory/entry.ts';
export type { MemoryCrudBatch, MemoryCrudTransaction } from './memory/queue.ts';
export type { MemoryColumns, MemoryRows } from './memory/rows.ts';
export type { OtherSql } from './memory/run-sql.ts';
export type { MemorySchema } from './memory/schema.ts';
export {
  type MemoryDatabase,
  type MemoryDatabaseOptions,
  type MemoryTransaction,
  memoryDatabase,
} from './memory-database.ts';
export * from './mocks.ts';
export {
  type ScriptedAnswer,
  type ScriptedBackend,
  type ScriptedBackendOptions,
  type ScriptedLogin,
  type ScriptedRequest,
  scriptedBackend,
  scriptedLogin,
} from './scripted-backend.ts';
export { type TestJwtOptions, testJwt, unsignedJwt } from './test-jwt.ts';
export {
  type ContractBackend,
  type ContractNeed,
  type ContractTable,
  type TransportContractCase,
  type TransportFault,
  type TransportHarness,
  transportContract,
} from './transport-contract.ts';
