/** What is used of the SDK's `Schema`; that of 1.x and 2.x fits. */
export interface MemorySchema {
  readonly tables: readonly MemoryTableSchema[];
}

/** What is used of the SDK's `Table`. */
export type MemoryTableSchema = {
  readonly name: string;
  /** Under which name the app reads and writes it. */
  readonly viewName: string;
  readonly columns: readonly { readonly name: string; readonly type?: string | undefined }[];
  readonly localOnly?: boolean | undefined;
  readonly insertOnly?: boolean | undefined;
  readonly trackPrevious?:
    | boolean
    | { readonly columns?: readonly string[] | undefined; readonly onlyWhenChanged?: boolean | undefined }
    | undefined;
  readonly trackMetadata?: boolean | undefined;
  readonly ignoreEmptyUpdates?: boolean | undefined;
};
