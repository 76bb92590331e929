export {
  type MemoryDatabase,
  type MemoryDatabaseOptions,
  type MemoryTransaction,
  memoryDatabase,
} from './memory-database.ts';
