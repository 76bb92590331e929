import type { ConnectorDatabase } from '../database/database.ts';

/** One local transaction of the SDK. */
export interface LocalTransaction {
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  execute(sql: string, parameters?: any[]): Promise<unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  getAll<T>(sql: string, parameters?: any[]): Promise<T[]>;
}

/** The part of a PowerSync database that changing rejected writes needs. Every database of SDK 1.x and 2.x fits. */
export interface WritableDatabase extends ConnectorDatabase {
  writeTransaction<T>(callback: (transaction: LocalTransaction) => Promise<T>): Promise<T>;
  /** The app's schema. It has the name under which the app writes to a table (`viewName`). */
  readonly schema?: LocalSchema | undefined;
}

export interface LocalSchema {
  readonly tables: readonly { readonly name: string; readonly viewName: string }[];
}
