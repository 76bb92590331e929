import { bearerOf, issueToken, NOT_FOUND, type Said, type StandIn, startStandIn } from './stand-in.ts';
import { createStore, type Row } from './store.ts';

interface NestEntry {
  op: string;
  type: string;
  id: string;
  data?: Row;
}

/** A stand-in for the community's NestJS backend: if it refuses something, it answers 201 with nothing processed. */
export function startNestjs(): Promise<StandIn> {
  return startStandIn(
    (asked, standIn): Said => {
      const { json = {} } = asked;
      switch (`${asked.method} ${asked.path}`) {
        case 'POST /auth/login': {
          if (json.password !== 'secret') return unauthorized();
          const user = { id: 'u1', email: json.email, role: 'USER' };
          return { status: 200, body: { access_token: issueToken(standIn, 'u1', 86_400), user } };
        }
        case 'POST /powersync/upload': {
          if (!standIn.tokens.has(bearerOf(asked) ?? '')) return unauthorized();
          if (!Array.isArray(json.crud) || standIn.store.down) return failed();
          return { status: 201, body: { success: true, processed: process(json.crud, standIn) } };
        }
        default:
          return NOT_FOUND;
      }
    },
    {
      store: createStore({ Product: { notNull: ['name'], check: { status: 'refuse me' } } }),
      cors: { headers: 'echo' },
    },
  );
}

function process(crud: readonly NestEntry[], { store }: StandIn): number {
  try {
    store.transaction(() => {
      for (const { op, type, id, data = {} } of crud) {
        if (op === 'PUT') store.upsert(type, id, data);
        else if (op === 'DELETE') store.remove(type, id);
        else if (store.update(type, id, data) === 0) throw new Error('P2025');
      }
    });
    return crud.length;
  } catch {
    return 0;
  }
}

function unauthorized(): Said {
  return { status: 401, body: { message: 'Unauthorized', statusCode: 401 } };
}

function failed(): Said {
  return { status: 500, body: { statusCode: 500, message: 'Internal server error' } };
}
