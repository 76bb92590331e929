import { readJwtClaims } from '../../../src/auth/jwt.ts';
import {
  type Asked,
  bearerOf,
  issueToken,
  messageOf,
  NOT_FOUND,
  type Said,
  type StandIn,
  startStandIn,
} from './stand-in.ts';
import { createStore, type Row } from './store.ts';

interface NestEntry {
  op: string;
  type: string;
  id: string;
  data?: Row;
}

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const LIMIT = 102_400;

/** A stand-in for the community's NestJS backend: if it refuses something, it answers 201 with nothing processed. */
export function startNestjs(): Promise<StandIn> {
  return startStandIn(
    (asked, standIn): Said => {
      const { json = {} } = asked;
      const { down } = standIn.store;
      if (Buffer.byteLength(asked.text) > LIMIT)
        return { status: 413, body: { statusCode: 413, message: 'request entity too large' } };
      switch (`${asked.method} ${asked.path}`) {
        case 'POST /auth/login': {
          if (json.password !== 'secret') return unauthorized();
          const user = { id: 'u1', email: json.email, role: 'USER' };
          return { status: 200, body: { access_token: issueToken(standIn, 'u1', 86_400), user } };
        }
        case 'GET /auth/profile': {
          const id = userOf(asked, standIn);
          if (down) return failed(); // Each token is looked up.
          return id === undefined
            ? unauthorized()
            : { status: 200, body: { id, email: `${id}@example.com` } };
        }
        case 'POST /powersync/upload': {
          const user = userOf(asked, standIn);
          if (down) return failed();
          if (user === undefined) return unauthorized();
          if (!Array.isArray(json.crud)) return failed();
          try {
            return { status: 201, body: { success: true, processed: process(json.crud, user, standIn) } };
          } catch {
            return failed();
          }
        }
        default:
          return NOT_FOUND;
      }
    },
    {
      store: createStore({
        Product: {
          columns: ['name', 'description', 'price', 'ownerId', 'note', 'amount'],
          notNull: ['name'],
          check: { price: -1 },
        },
      }),
      cors: { headers: 'echo' },
      isRead: ({ path }) => path === '/auth/profile',
    },
  );
}

/** What its code calls fatal: errors of Prisma about the data, and its own. */
class Fatal extends Error {}

function process(crud: readonly NestEntry[], user: string, { store }: StandIn): number {
  try {
    store.transaction(() => {
      for (const entry of crud) apply(entry, user, store);
    });
    return crud.length;
  } catch (error) {
    // Prisma has no code of those for a check, nor for what PostgreSQL can't read at all. It knows columns by itself.
    if (error instanceof Fatal || /^(null value|duplicate key|column)/.test(messageOf(error))) return 0;
    throw error;
  }
}

function apply({ op, type, id, data = {} }: NestEntry, user: string, store: StandIn['store']): void {
  if (type !== 'Product') throw new Fatal(`Unknown table: ${type}`);
  if (!UUID.test(id)) throw new Error('Error creating UUID');
  if (Object.values(data).some((value) => String(value).includes('\0')))
    throw new Error('invalid byte sequence for encoding "UTF8": 0x00');
  const stored = store.rows(type).find((row) => row.id === id);
  const isOwn = stored?.ownerId === user;
  if (op === 'PUT') store.upsert(type, id, stored ? data : { ...data, ownerId: user });
  else if (op === 'DELETE') {
    if (isOwn) store.remove(type, id);
  } else if (isOwn) store.update(type, id, data);
  else throw new Fatal('Record not found or insufficient permissions');
}

function userOf(asked: Asked, { tokens }: StandIn): string | undefined {
  const token = bearerOf(asked) ?? '';
  return tokens.has(token) ? readJwtClaims(token).subject : undefined;
}

function unauthorized(): Said {
  return { status: 401, body: { message: 'Unauthorized', statusCode: 401 } };
}

function failed(): Said {
  return { status: 500, body: { statusCode: 500, message: 'Internal server error' } };
}
