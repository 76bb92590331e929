import { issueToken, messageOf, NOT_FOUND, type Said, type StandIn, startStandIn } from './stand-in.ts';
import type { Row, Store } from './store.ts';

interface Operation {
  id: string;
  op: string;
  table: string;
  opData?: Row;
}

export interface AgentSkillsStandIn extends StandIn {
  /** Fails inside the database transaction, with this message. */
  failInside(words: string | undefined): void;
}

/** A stand-in for the backend of the agent-skills sample: 200 to everything, unless the database can't be reached. */
export async function startAgentSkills(): Promise<AgentSkillsStandIn> {
  let inside: string | undefined;
  const standIn = await startStandIn(({ method, path, query, json = {} }, self): Said => {
    switch (`${method} ${path}`) {
      case 'GET /api/auth/token': {
        const userId = query.get('user_id');
        if (!userId) return { status: 400, body: { error: 'user_id is required' } };
        const token = issueToken(self, userId, 300);
        return { status: 200, body: { token, powersync_url: 'http://localhost:8080' } };
      }
      case 'POST /api/powersync/upload':
        if (self.store.down) return { status: 0, dies: true }; // the connection is taken outside the try block
        try {
          if (inside !== undefined) throw new Error(inside);
          apply(self.store, json.operations);
          return { status: 200, body: { success: true } };
        } catch (error) {
          return { status: 200, body: { success: false, error: messageOf(error) } };
        }
      default:
        return NOT_FOUND;
    }
  });
  return Object.assign(standIn, {
    failInside(words: string | undefined) {
      inside = words;
    },
  });
}

function apply(store: Store, operations: readonly Operation[]): void {
  store.transaction(() => {
    for (const { id, op, table, opData = {} } of operations) {
      if (op === 'DELETE') store.remove(table, id);
      else if (Object.keys(opData).length === 0) throw new Error('syntax error at or near ")"');
      else if (op === 'PUT') store.upsert(table, id, opData);
      else store.update(table, id, opData);
    }
  });
}
