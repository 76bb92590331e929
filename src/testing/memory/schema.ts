/** The part of the SDK's `Schema` that is used. Schemas of SDK 1.x and 2.x fit. */
export interface MemorySchema {
  readonly tables: readonly MemoryTableSchema[];
}

/** The part of the SDK's `Table` that is used. */
export type MemoryTableSchema = {
  readonly name: string;
  /** Name by which the app reads and writes the table. */
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
