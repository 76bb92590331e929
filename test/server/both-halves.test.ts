// The client's connector with the real SDK, and the write handler on PGlite: nothing in between but the wire format.

import { writeApi } from 'powersync-backend-connector/http';
import { hold, listRejected } from 'powersync-backend-connector/rejections';
import { createWriteHandler, Unauthenticated, WriteRefused } from 'powersync-backend-connector/server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { queued, testConnector } from '../support/connector.ts';
import { openPglite, type TestDatabase } from './support/databases.ts';

let db: TestDatabase;
let client: TestClient;
let isClosed = false;
let lostAnswers = 0;

beforeAll(async () => {
  db = await openPglite();
});
afterAll(() => db?.close());
beforeEach(async () => {
  isClosed = false;
  lostAnswers = 0;
  client = await openClient();
  await db.sql('delete from lists');
});
afterEach(() => closeClient(client));

const bodies: string[] = [];

function connect(options: Parameters<typeof testConnector>[0] = {}) {
  const writes = createWriteHandler({
    database: db.database,
    authenticate: (request) => {
      if (request.headers.get('authorization') !== 'Bearer token') throw new Unauthenticated();
      return { id: 'ann' };
    },
    tables: {
      lists: {
        columns: ['name'],
        owner: 'owner_id',
        authorize: () => {
          if (isClosed) throw new WriteRefused('CLOSED', 'The shop is closed');
          return true;
        },
      },
    },
  });
  const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    bodies.push(await request.clone().text());
    const answer = await writes.fetch(request);
    if (lostAnswers-- > 0) throw new TypeError('fetch failed');
    return answer;
  };
  return testConnector({ transport: writeApi({ url: 'https://backend.test/api/data', fetch }), ...options });
}

const insert = (name: string) => client.db.execute('INSERT INTO lists (id, name) VALUES (uuid(), ?)', [name]);
const names = async () => (await db.sql('select name from lists order by name')).map(({ name }) => name);

describe('both halves', () => {
  it('an answer that is lost costs nothing: each write is applied once', async () => {
    const { connector } = connect();
    await insert('a');
    lostAnswers = 1;
    await connector.drain(client.db);
    expect(await queued(client)).toHaveLength(1);
    await db.sql("update lists set name = 'newer'");
    await connector.drain(client.db);
    expect(await queued(client)).toEqual([]);
    expect(await names()).toEqual(['newer']);
  });

  it('a held write is judged anew, and applied once the rule allows it', async () => {
    const { connector } = connect({ rejections: hold() });
    isClosed = true;
    await insert('a');
    await connector.drain(client.db);
    expect(await listRejected(client.db)).toMatchObject([{ state: 'held' }]);
    expect(bodies.at(-1)).not.toContain('judge_again');
    isClosed = false;
    await connector.drain(client.db);
    expect(bodies.at(-1)).toContain('"judge_again":true');
    expect([await queued(client), await names(), await listRejected(client.db)]).toEqual([[], ['a'], []]);
  });

  it('writes that the breaker keeps are judged anew, and applied once the rule is mended', async () => {
    const { connector } = connect();
    isClosed = true;
    for (const name of 'abcdefgh') await insert(name);
    for (let i = 0; i < 5; i++) await connector.drain(client.db).catch(() => {});
    const kept = await queued(client);
    expect(kept.length).toBeGreaterThan(0);
    isClosed = false;
    await connector.resetBreaker(client.db);
    for (let i = 0; i < 5; i++) await connector.drain(client.db).catch(() => {});
    expect(await queued(client)).toEqual([]);
    expect(await names()).toHaveLength(kept.length);
    expect(await listRejected(client.db)).toHaveLength(8 - kept.length);
  });

  it('a refusal is recorded once, with the words of the server', async () => {
    const { connector } = connect();
    isClosed = true;
    await insert('a');
    await connector.drain(client.db);
    await connector.drain(client.db);
    expect(await listRejected(client.db)).toMatchObject([
      {
        state: 'rejected',
        code: 'invalid',
        details: { error_code: 'CLOSED', message: 'The shop is closed' },
      },
    ]);
    expect(await names()).toEqual([]);
  });
});
