/** One `CrudEntry` of the PowerSync SDK, with the members that SDK 1.x and 2.x have in common. */
export interface CrudEntryLike {
  /** The op id: the entry's place in the upload queue (`ps_crud.id`), not the database's client id. */
  readonly clientId: number;
  /** Operation: `'PUT'`, `'PATCH'` or `'DELETE'` in current SDKs. */
  readonly op: string;
  readonly table: string;
  /** Id of the changed row. */
  readonly id: string;
  // `| undefined`, because SDK classes declare these members as plain optional ones.
  readonly transactionId?: number | undefined;
  /** Columns of a PUT or PATCH; absent on a DELETE. */
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's own type, so that its entries fit and columns can be read.
  readonly opData?: Record<string, any> | undefined;
  /** Column values before the change. Only for tables with `trackPrevious`, and only on PATCH and DELETE. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly previousValues?: Record<string, any> | undefined;
  /** Text of the `_metadata` column. Only for tables with `trackMetadata`. */
  readonly metadata?: string | undefined;
}

/** Result of the SDK's `getCrudBatch()`. */
export interface CrudBatchLike {
  readonly crud: readonly CrudEntryLike[];
  readonly haveMore: boolean;
  /** Removes every entry of the queue up to and including the last one of `crud`. */
  complete(): Promise<void>;
}

/**
 * The part of a PowerSync database that the connector uses.
 *
 * Every database class of SDK 1.x and 2.x fits (`AbstractPowerSyncDatabase`, `CommonPowerSyncDatabase`), on web,
 * React Native, Node, Capacitor and Electron.
 */
export interface ConnectorDatabase {
  /** Resolves once the database is open. If it is missing, the connector does a read to find out. */
  waitForReady?(): Promise<void>;
  getClientId(): Promise<string>;
  getCrudBatch(limit?: number): Promise<CrudBatchLike | null>;
  getUploadQueueStats(): Promise<{ readonly count: number }>;
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  execute(sql: string, parameters?: any[]): Promise<unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  getAll<T>(sql: string, parameters?: any[]): Promise<T[]>;
  /** Tells `keepUploading()` of new writes. If it is missing, the queue is checked every five seconds. */
  onChange?(handler: { onChange: () => void }, options: { tables: string[]; throttleMs: number }): () => void;
}
