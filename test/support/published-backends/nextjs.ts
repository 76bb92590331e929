import { applyToPostgres, type BatchEntry } from './nodejs.ts';
import {
  bearerOf,
  issueToken,
  messageOf,
  NOT_FOUND,
  type Said,
  type StandIn,
  startStandIn,
} from './stand-in.ts';
import { createStore, SQL_TODO_TABLES } from './store.ts';

/**
 * A stand-in for the Next.js example: writes need the PowerSync token, all failures are 500. Same origin, so no CORS.
 */
export function startNextjs(): Promise<StandIn> {
  const store = createStore(SQL_TODO_TABLES);
  return startStandIn(
    (asked, standIn): Said => {
      switch (`${asked.method} ${asked.path}`) {
        case 'GET /api/auth/token': {
          const token = issueToken(standIn, asked.query.get('user_id') ?? 'anonymous', 300);
          return { status: 200, body: { token, powersync_url: 'http://localhost:8080' } };
        }
        case 'POST /api/data': {
          const token = bearerOf(asked);
          if (token === undefined) return { status: 401, body: { error: 'Missing bearer token' } };
          if (!standIn.tokens.has(token))
            return { status: 401, body: { error: '"exp" claim timestamp check failed' } };
          try {
            const batch: BatchEntry[] = asked.json?.batch ?? [];
            const isEmptyPatch = ({ op, data = {} }: BatchEntry) =>
              op === 'PATCH' && !Object.keys(data).length;
            applyToPostgres(
              standIn.store,
              batch.filter((entry) => !isEmptyPatch(entry)),
            );
            return { status: 200, body: { status: 'ok' } };
          } catch (error) {
            return { status: 500, body: { error: messageOf(error) } };
          }
        }
        default:
          return NOT_FOUND;
      }
    },
    { store },
  );
}
