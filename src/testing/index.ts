export {
  type MemoryDatabase,
  type MemoryDatabaseOptions,
  type MemoryTransaction,
  memoryDatabase,
} from './memory-database.ts';
export * from './mocks.ts';
export {
  type ContractBackend,
  type ContractNeed,
  type ContractTable,
  type TransportContractCase,
  type TransportFault,
  type TransportHarness,
  transportContract,
} from './transport-contract.ts';
