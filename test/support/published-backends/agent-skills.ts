import {
  type Asked,
  issueToken,
  messageOf,
  NOT_FOUND,
  type Said,
  type StandIn,
  startStandIn,
} from './stand-in.ts';
import { createStore, type Row, SQL_TODO_TABLES, type Store, unquoted } from './store.ts';

interface Operation {
  id: string;
  op: string;
  table: string;
  opData?: Row;
}

export interface AgentSkillsOptions {
  /** Whether it has the list of allowed tables that the page asks for. */
  allowList?: boolean;
  /** The limit of `express.json()`. */
  maxBodyBytes?: number;
}

export interface AgentSkillsStandIn extends StandIn {
  /** Fails inside the database transaction, with this message. */
  failInside(words: string | undefined): void;
}

/** A stand-in for the backend of the agent-skills sample: 200 to everything, unless the database can't be reached. */
export async function startAgentSkills({
  allowList = false,
  maxBodyBytes = 102_400,
}: AgentSkillsOptions = {}): Promise<AgentSkillsStandIn> {
  let inside: string | undefined;
  const store = createStore(SQL_TODO_TABLES);
  const handle = ({ method, path, query, json = {} }: Asked, self: StandIn): Said => {
    switch (`${method} ${path}`) {
      case 'GET /api/auth/token': {
        const userId = query.get('user_id');
        if (!userId) return { status: 400, body: { error: 'user_id is required' } };
        const token = issueToken(self, userId, 300);
        return { status: 200, body: { token, powersync_url: 'http://localhost:8080' } };
      }
      case 'POST /api/powersync/upload':
        if (store.down) return { status: 0, dies: true }; // the connection is taken outside the try block
        try {
          if (inside !== undefined) throw new Error(inside);
          apply(store, json.operations, allowList);
          return { status: 200, body: { success: true } };
        } catch (error) {
          if (store.breaks) return { status: 0, dies: true }; // its ROLLBACK throws in the catch block
          return { status: 200, body: { success: false, error: messageOf(error) } };
        }
      default:
        return NOT_FOUND;
    }
  };
  const standIn = await startStandIn(handle, { store, maxBodyBytes });
  return Object.assign(standIn, {
    failInside(words: string | undefined) {
      inside = words;
    },
  });
}

function apply(store: Store, operations: readonly Operation[], allowList: boolean): void {
  store.transaction(() => {
    for (const { id, op, table, opData = {} } of operations) {
      if (allowList && !Object.hasOwn(SQL_TODO_TABLES, table)) throw new Error(`Unknown table: ${table}`);
      const name = unquoted(table);
      const columns = Object.fromEntries(
        Object.entries(opData).map(([column, value]) => [unquoted(column), value]),
      );
      if (op === 'DELETE') store.remove(name, id);
      else if (Object.keys(columns).length === 0) throw new Error('syntax error at or near ")"');
      else if (op === 'PUT') store.upsert(name, id, columns);
      else store.update(name, id, columns);
    }
  });
}
