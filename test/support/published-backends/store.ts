/** The constraints of a table in a {@link Store}. */
export interface TableRules {
  notNull?: readonly string[];
  unique?: readonly string[];
  /** A value that the check of each column refuses. */
  check?: Readonly<Record<string, unknown>>;
}

export type Row = Record<string, unknown>;

/** Tables in memory that behave like PostgreSQL and have its messages. */
export interface Store {
  /** While on, everything fails as if nothing listened on the database's port. */
  down: boolean;
  rows(table: string): Row[];
  /** Inserts, or overwrites the given columns of the row with this id. */
  upsert(table: string, id: string, columns: Row): void;
  insert(table: string, id: string, columns: Row): void;
  /** Returns how many rows were updated. */
  update(table: string, id: string, columns: Row): number;
  remove(table: string, id: string): number;
  has(table: string, id: string): boolean;
  /** Applies all of it or nothing. */
  transaction<T>(work: () => T): T;
}

const TODO_TABLES: Record<string, TableRules> = {
  lists: { notNull: ['name'], unique: ['name'] },
  todos: { check: { description: 'refuse me' } },
};

export function createStore(tables: Record<string, TableRules> = TODO_TABLES): Store {
  let data = new Map(Object.keys(tables).map((table) => [table, new Map<string, Row>()]));

  function open(table: string): Map<string, Row> {
    if (store.down) throw new Error('connect ECONNREFUSED 127.0.0.1:5432');
    const rows = data.get(table);
    if (!rows) throw new Error(`relation "${table}" does not exist`);
    return rows;
  }

  function check(table: string, row: Row): Row {
    const { notNull = [], unique = [], check = {} } = tables[table] ?? {};
    for (const column of notNull) {
      if (row[column] == null)
        throw new Error(
          `null value in column "${column}" of relation "${table}" violates not-null constraint`,
        );
    }
    for (const [column, refused] of Object.entries(check)) {
      if (row[column] === refused)
        throw new Error(
          `new row for relation "${table}" violates check constraint "${table}_${column}_check"`,
        );
    }
    for (const column of unique) {
      for (const other of open(table).values()) {
        if (other.id !== row.id && other[column] === row[column])
          throw new Error(`duplicate key value violates unique constraint "${table}_${column}_key"`);
      }
    }
    return row;
  }

  const store: Store = {
    down: false,
    rows: (table) => [...(data.get(table)?.values() ?? [])],
    upsert(table, id, columns) {
      const rows = open(table);
      rows.set(id, check(table, { ...rows.get(id), ...columns, id }));
    },
    insert(table, id, columns) {
      const rows = open(table);
      if (rows.has(id)) throw new Error(`duplicate key value violates unique constraint "${table}_pkey"`);
      rows.set(id, check(table, { ...columns, id }));
    },
    update(table, id, columns) {
      const rows = open(table);
      const row = rows.get(id);
      if (row) rows.set(id, check(table, { ...row, ...columns }));
      return row ? 1 : 0;
    },
    remove: (table, id) => (open(table).delete(id) ? 1 : 0),
    has: (table, id) => open(table).has(id),
    transaction(work) {
      if (store.down) throw new Error('connect ECONNREFUSED 127.0.0.1:5432');
      const before = structuredClone(data);
      try {
        return work();
      } catch (error) {
        data = before;
        throw error;
      }
    },
  };
  return store;
}
