/** One `CrudEntry` of the PowerSync SDK: the members that SDK 1.x and 2.x have in common. */
export interface CrudEntryLike {
  /** The op id: the entry's place in the upload queue (`ps_crud.id`), not the database's client id. */
  readonly clientId: number;
  /** `'PUT'`, `'PATCH'` or `'DELETE'` in current SDKs. */
  readonly op: string;
  readonly table: string;
  /** Id of the changed row. */
  readonly id: string;
  // `undefined` is spelt out because SDK classes declare these members as plain optional ones.
  readonly transactionId?: number | undefined;
  /** Columns of a PUT or PATCH; absent on a DELETE. */
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's own type, so that its entries fit and columns can be read.
  readonly opData?: Record<string, any> | undefined;
  /** Old values, for tables with `trackPrevious`; on PATCH and DELETE only. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly previousValues?: Record<string, any> | undefined;
  /** The `_metadata` text, for tables with `trackMetadata`. */
  readonly metadata?: string | undefined;
}

/** What `getCrudBatch()` of the SDK returns. */
export interface CrudBatchLike {
  readonly crud: readonly CrudEntryLike[];
  readonly haveMore: boolean;
  /** Removes every entry up to and including the last one of `crud`. */
  complete(): Promise<void>;
}

/**
 * The part of a PowerSync database that the connector uses.
 *
 * Every database class of SDK 1.x and 2.x fits (`AbstractPowerSyncDatabase`, `CommonPowerSyncDatabase`), on web,
 * React Native, Node, Capacitor and Electron.
 */
export interface ConnectorDatabase {
  /** Ends once the database is open; without it, a read tells. */
  waitForReady?(): Promise<void>;
  getClientId(): Promise<string>;
  getCrudBatch(limit?: number): Promise<CrudBatchLike | null>;
  getUploadQueueStats(): Promise<{ readonly count: number }>;
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  execute(sql: string, parameters?: any[]): Promise<unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  getAll<T>(sql: string, parameters?: any[]): Promise<T[]>;
  /** Used by `keepUploading()` to hear of new writes; without it, the queue is looked at every few seconds. */
  onChange?(handler: { onChange: () => void }, options: { tables: string[]; throttleMs: number }): () => void;
}
