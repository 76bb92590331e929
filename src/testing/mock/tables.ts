/** One row: its columns, without `id`. */
export type MockRow = Readonly<Record<string, unknown>>;

/** Rows by table and id. */
export type MockTables = Readonly<Record<string, Readonly<Record<string, MockRow>>>>;
