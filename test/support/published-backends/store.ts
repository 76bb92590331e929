/** The constraints of a table in a {@link Store}. */
export interface TableRules {
  /** The columns that it has, besides `id`. Without a list, it has any. */
  columns?: readonly string[];
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
  /** While on, the connection breaks in a transaction, so that its ROLLBACK fails, with words of its own. */
  breaks: boolean;
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

/** The tables of the to-do demos with a fixed set of columns, as a SQL database has them. */
export const SQL_TODO_TABLES: Record<string, TableRules> = {
  lists: { ...TODO_TABLES.lists, columns: ['name', 'owner_id', 'created_at', 'order', 'createdAt'] },
  todos: {
    ...TODO_TABLES.todos,
    columns: ['list_id', 'description', 'completed', 'created_by', 'created_at', 'note', 'amount'],
  },
};

/** @param makesTables Whether a table that isn't known is made by the first write to it, as in MongoDB. */
export function createStore(tables: Record<string, TableRules> = TODO_TABLES, makesTables = false): Store {
  let data = new Map(Object.keys(tables).map((table) => [table, new Map<string, Row>()]));

  function open(table: string): Map<string, Row> {
    if (store.down) throw new Error('connect ECONNREFUSED 127.0.0.1:5432');
    if (makesTables && !data.has(table)) data.set(table, new Map());
    const rows = data.get(table);
    if (!rows) throw new Error(`relation "${table}" does not exist`);
    return rows;
  }

  /** The rows of a table that has these columns. */
  function openFor(table: string, written: Row): Map<string, Row> {
    const rows = open(table);
    const known = tables[table]?.columns;
    const unknown = known && Object.keys(written).find((name) => name !== 'id' && !known.includes(name));
    if (unknown !== undefined) throw new Error(`column "${unknown}" of relation "${table}" does not exist`);
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
    breaks: false,
    rows: (table) => [...(data.get(table)?.values() ?? [])],
    upsert(table, id, columns) {
      const rows = openFor(table, columns);
      rows.set(id, check(table, { ...rows.get(id), ...columns, id }));
    },
    insert(table, id, columns) {
      const rows = openFor(table, columns);
      if (rows.has(id)) throw new Error(`duplicate key value violates unique constraint "${table}_pkey"`);
      rows.set(id, check(table, { ...columns, id }));
    },
    update(table, id, columns) {
      const rows = openFor(table, columns);
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
        const result = work();
        if (store.breaks) throw new Error('Client has encountered a connection error and is not queryable');
        return result;
      } catch (error) {
        data = before;
        throw error;
      }
    },
  };
  return store;
}

/** What PostgreSQL makes of a name that a statement has without quotes. */
export function unquoted(name: string): string {
  if (RESERVED.includes(name)) throw new Error(`syntax error at or near "${name}"`);
  return name.toLowerCase();
}

const RESERVED = ['order', 'user', 'group', 'table', 'limit'];
