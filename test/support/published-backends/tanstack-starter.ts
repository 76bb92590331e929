import { type Asked, issueToken, messageOf, type Said, type StandIn, startStandIn } from './stand-in.ts';
import { createStore, type Row, type Store } from './store.ts';

interface Operation {
  id: string;
  op: string;
  table: string;
  opData?: Row;
}

/** What its `tableConfig` lets through. */
const TABLES = {
  lists: ['owner_id', 'name', 'created_at'],
  todos: ['list_id', 'description', 'completed', 'created_at', 'completed_at'],
} satisfies Record<string, readonly string[]>;

function isKnown(table: string): table is keyof typeof TABLES {
  return Object.hasOwn(TABLES, table);
}

const OOPS: Said = { status: 500, type: 'text/plain;charset=UTF-8', body: 'Internal Server Error' };

/**
 * A stand-in for the TanStack starter: Hono in front of Postgres. 200 to everything that the body or the database
 * refuses; what its schema refuses is told as an object. It knows two tables, drops columns that it doesn't know, and
 * then does nothing for a row without columns. It has no limit for bodies, and looks at no token.
 */
export function startTanstackStarter(): Promise<StandIn> {
  const store = createStore({
    lists: { columns: TABLES.lists, notNull: ['owner_id', 'name'], unique: ['name'] },
    todos: { columns: TABLES.todos, notNull: ['list_id', 'description'] },
  });
  return startStandIn(answer, { store, cors: { headers: 'echo' } });
}

function answer({ method, path, query, json }: Asked, standIn: StandIn): Said {
  switch (`${method} ${path}`) {
    case 'GET /api/auth/token': {
      const userId = query.get('user_id') || 'demo-user';
      const token = issueToken(standIn, userId, 12 * 3600);
      return { status: 200, body: { token, powersyncUrl: 'http://localhost:8080', userId } };
    }
    case 'POST /api/powersync/upload': {
      if (json === undefined) return OOPS;
      const problems = problemsIn(json.operations);
      if (problems.length > 0) {
        const error = { formErrors: [], fieldErrors: { operations: problems } };
        return { status: 200, body: { success: false, error } };
      }
      if (standIn.store.down) return OOPS; // the connection is taken outside the try block
      try {
        apply(standIn.store, json.operations);
        return { status: 200, body: { success: true } };
      } catch (error) {
        if (standIn.store.breaks) return OOPS; // its ROLLBACK throws in the catch block
        return { status: 200, body: { success: false, error: messageOf(error) } };
      }
    }
    default:
      return { status: 404, type: 'text/plain;charset=UTF-8', body: '404 Not Found' };
  }
}

/** In the words of zod 4, whose `flatten()` gathers them under the name of the first member. */
function problemsIn(operations: unknown): string[] {
  if (!Array.isArray(operations)) return ['Invalid input: expected array, received undefined'];
  return operations.flatMap(({ id, op, table, opData = {} }: Operation) => [
    ...(id === '' ? ['Too small: expected string to have >=1 characters'] : []),
    ...(['PUT', 'PATCH', 'DELETE'].includes(op)
      ? []
      : ['Invalid option: expected one of "PUT"|"PATCH"|"DELETE"']),
    ...(isKnown(table) ? [] : ['Invalid option: expected one of "lists"|"todos"']),
    ...(opData === null ? ['Invalid input: expected record, received null'] : []),
  ]);
}

function apply(store: Store, operations: readonly Operation[]): void {
  store.transaction(() => {
    for (const { id, op, table, opData = {} } of operations) {
      const known = Object.entries(opData).filter(
        ([column]) => isKnown(table) && TABLES[table].includes(column),
      );
      if (op !== 'DELETE' && known.length === 0) continue;
      if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id))
        throw new Error(`invalid input syntax for type uuid: "${id}"`);
      const columns = Object.fromEntries(
        known.map(([column, value]) => [
          column,
          column === 'completed' && typeof value === 'number' ? value === 1 : value,
        ]),
      );
      if (op === 'DELETE') store.remove(table, id);
      else if (op === 'PUT') store.upsert(table, id, columns);
      else store.update(table, id, columns);
    }
  });
}
