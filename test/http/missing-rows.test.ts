import type { UploadEntry } from 'powersync-backend-connector';
import { type RowEndpointsOptions, rowEndpoints } from 'powersync-backend-connector/http';
import { rails } from 'powersync-backend-connector/presets';
import { fakeClock } from 'powersync-backend-connector/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { testConnector } from '../support/connector.ts';
import { recorded } from './queue.ts';
import { batch, context, put, transaction } from './support.ts';

const ID = '0b5f1c1e-4b52-4f0e-9b1a-6a0d1c2b3e4f';
const patch = (id = ID): UploadEntry => ({ ...put(id, { name: 'x' }), op: 'PATCH' });
const remove = (id = ID): UploadEntry => ({ clientId: 3, op: 'DELETE', table: 'lists', id });

/** What the first request of a session comes to, where it is answered so. */
async function outcomeOf(
  entry: UploadEntry,
  body: unknown,
  { status = 404, ...options }: Partial<RowEndpointsOptions> & { status?: number } = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const fetch = async () => new Response(text, { status });
  const transport = rowEndpoints({ url: 'https://api.test', fetch, ...options });
  return (await transport(batch(transaction('t', entry)), context()))[0];
}

const BUDGET = { attempts: 10, minMs: 900_000 };
const unclear = {
  status: 'rejected',
  inBand: false,
  error: { code: 'unclassified', budget: BUDGET, message: expect.stringContaining('the row or the route') },
};
const gone = { status: 'rejected', inBand: false, error: { code: 'not_found' } };

/** What says that the row is gone. */
const FORMS: [string, object][] = [
  ['a code', { code: 'NOT_FOUND', message: 'There is no such row.' }],
  ['a code in small letters', { code: 'not_found' }],
  ['a code of the app', { error_code: 'RECORD_NOT_FOUND' }],
  ['a code in the error', { error: { code: 'row-not-found', message: 'words' } }],
  ['a code in the first of the errors', { errors: [{ code: 'DOCUMENT_NOT_FOUND' }] }],
  ['a code that names the table', { error: 'list_not_found' }],
  ['the name of an exception', { name: 'EntityNotFoundError', message: 'words' }],
  ['Prisma', { code: 'P2025', meta: { cause: 'Record to update not found.' } }],
  ['PostgREST', { code: 'PGRST116', details: 'The result contains 0 rows', hint: null, message: 'words' }],
  ['Appwrite', { message: 'words', code: 404, type: 'document_not_found', version: '1.6.0' }],
  ['the id', { error: 'Not Found', id: ID }],
  ['the id in the error', { error: { message: 'gone', todo_id: ID } }],
  ['the id in its words', { statusCode: 404, message: `List with id ${ID} not found`, error: 'Not Found' }],
  ['Rails in development', { status: 404, error: 'Not Found', exception: `#<RecordNotFound: 'id'=${ID}>` }],
];

/** What stands in front of a backend, or a router, may say so as well. */
const UNCLEAR: [string, unknown][] = [
  ['nothing', ''],
  ['a page', '<html><h1>404 Not Found</h1><hr>nginx</html>'],
  ['text', 'default backend - 404'],
  ['text with a code', 'The page could not be found\n\nNOT_FOUND\n\nfra1::x'],
  ['JSON without a word', {}],
  ['JSON of an ingress', { error: 'not found' }],
  ['a bare word', { error: 'not_found' }],
  ['Kong', { message: 'no Route matched with those values', request_id: 'd0' }],
  ['AWS', { message: 'Not Found' }],
  ['Azure', { statusCode: 404, message: 'Resource not found' }],
  ['Railway', { status: 'error', code: 404, message: 'Application not found', request_id: 'x' }],
  ['Vercel', { error: { code: 'NOT_FOUND', message: 'The page could not be found' } }],
  ['functions of Supabase', { code: 'NOT_FOUND', message: 'Requested function was not found' }],
  ['Express and NestJS', { statusCode: 404, message: `Cannot PATCH /lists/${ID}`, error: 'Not Found' }],
  ['Fastify', { message: `Route PATCH:/lists/${ID} not found`, error: 'Not Found', statusCode: 404 }],
  ['Spring', { timestamp: 'x', status: 404, error: 'Not Found', path: `/lists/${ID}` }],
  ['a query', { message: `No route for /lists?id=eq.${ID}` }],
  ['a code of a route', { code: 'ROUTE_NOT_FOUND' }],
  ['another thing', { code: 'TENANT_NOT_FOUND' }],
  ['another row', { code: 'LIST_ITEM_NOT_FOUND' }],
  ['Rails, to a route and to a row', { status: 404, error: 'Not Found' }],
  ['the id as a part of another', { message: `x${ID}` }],
];

describe('a 404 to the first request of a session', () => {
  describe.each([404, 410])('%d', (status) => {
    it.each(FORMS)('that says by %s that the row is gone is believed', async (_, body) => {
      expect(await outcomeOf(remove(), body, { status })).toEqual({ status: 'applied' });
      expect(await outcomeOf(patch(), body, { status })).toMatchObject({ ...gone, details: body });
    });

    it.each(UNCLEAR)('with %s is kept for a budget, then told', async (_, body) => {
      for (const entry of [remove(), patch()])
        expect(await outcomeOf(entry, body, { status })).toMatchObject(unclear);
      expect(await outcomeOf(put(ID), body, { status })).toMatchObject({ error: { code: 'misconfigured' } });
    });
  });

  it('that names a row says nothing of a PUT: its parent may be meant', async () => {
    expect(await outcomeOf(put(ID), { code: 'NOT_FOUND' })).toMatchObject(unclear);
  });

  it('with a short id in its words is believed where they call it one', async () => {
    expect(await outcomeOf(remove('7'), { message: 'List #7 not found' })).toEqual({ status: 'applied' });
    expect(await outcomeOf(remove('404'), { message: '404 not found' })).toMatchObject(unclear);
    expect(await outcomeOf(remove('404'), { statusCode: '404', code: '404' })).toMatchObject(unclear);
    expect(await outcomeOf(remove('7'), { id: 7 })).toEqual({ status: 'applied' });
  });

  it('is what the app says, also later: true, false, or undefined for the default', async () => {
    const body = { code: 'NOT_FOUND' };
    for (const [said, outcome] of [
      [true, { status: 'applied' }],
      [false, unclear],
      [undefined, { status: 'applied' }],
    ] as const) {
      expect(await outcomeOf(remove(), body, { isMissingRow: () => said })).toMatchObject(outcome);
      expect(await outcomeOf(remove(), body, { isMissingRow: async () => said })).toMatchObject(outcome);
    }
    const isMissingRow = ({ json }: { json?: { detail?: string } }) =>
      /^No \w+ matches the given query\.$/.test(json?.detail ?? '');
    const ofDjango = { detail: 'No List matches the given query.' };
    expect(await outcomeOf(remove(), ofDjango, { isMissingRow })).toEqual({ status: 'applied' });
    expect(await outcomeOf(remove(), '<html>', { isMissingRow })).toMatchObject(unclear);
  });

  it('where the app says neither, is misconfigured', async () => {
    const isMissingRow = (() => 'yes') as never;
    expect(await outcomeOf(remove(), {}, { isMissingRow })).toMatchObject({
      status: 'retry',
      error: { code: 'misconfigured', message: expect.stringContaining('isMissingRow()') },
    });
  });

  it('has the meaning that the app gives its code', async () => {
    const ours = (code: 'not_found' | 'conflict' | 'unavailable') => ({ errorCodes: { GONE: code } });
    expect(await outcomeOf(remove(), { code: 'GONE' }, ours('not_found'))).toEqual({ status: 'applied' });
    expect(await outcomeOf(patch(), { code: 'GONE' }, ours('conflict'))).toMatchObject({
      status: 'rejected',
      error: { code: 'conflict' },
    });
    expect(await outcomeOf(remove(), { code: 'GONE' }, ours('unavailable'))).toMatchObject({
      status: 'retry',
    });
  });

  it('told in a 2xx counts as one, and only by a code: an id is an echo', async () => {
    const body = { success: false, code: 'NOT_FOUND' };
    expect(await outcomeOf(remove(), body, { status: 200 })).toEqual({ status: 'applied' });
    expect(await outcomeOf(patch(), body, { status: 200 })).toMatchObject({
      status: 'rejected',
      error: { code: 'not_found' },
    });
    expect(await outcomeOf(patch(), { statusCode: 404, message: 'x' }, { status: 200 })).toMatchObject(
      unclear,
    );
  });

  it('of any size is read quickly', async () => {
    const words = `${`'${ID} `.repeat(6_000)}${'/ '.repeat(10_000)}${'\\'.repeat(20_000)}`;
    const startedAt = performance.now();
    await outcomeOf(remove('x'.repeat(40)), { message: words, list: Array(5_000).fill(words.slice(0, 30)) });
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('in a queue', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
    await client.db.execute('INSERT INTO todos (id, description) VALUES (?, ?)', [ID, 'first']);
    await client.db.execute('DELETE FROM ps_crud');
    await client.db.execute('DELETE FROM todos WHERE id = ?', [ID]);
    await client.db.execute('INSERT INTO todos (id, description) VALUES (uuid(), ?)', ['behind']);
  });
  afterEach(() => closeClient(client));

  const entries = async () => (await client.db.getCrudBatch(100))?.crud.length ?? 0;

  function uploads(answer: (method: string) => Response, clock = fakeClock()) {
    const fetch = async (request: unknown) => answer((request as Request).method);
    const transport = rowEndpoints({ url: 'https://api.test', fetch });
    const { connector } = testConnector({ transport, clock });
    const upload = () => connector.uploadData(client.db).catch(() => {});
    return { clock, upload };
  }

  it('a deployment of ten minutes that answers 404 loses nothing, and applies nothing', async () => {
    const page = () => new Response('<html>404</html>', { status: 404 });
    let deploying = true;
    const done: string[] = [];
    const { clock, upload } = uploads((method) => {
      if (deploying) return page();
      done.push(method);
      return new Response(null, { status: 204 });
    });
    for (let minutes = 0; minutes < 10; minutes += 0.5) {
      await upload();
      clock.advance(30_000);
    }
    expect([await entries(), await recorded(client).catch(() => [])]).toEqual([2, []]);
    deploying = false;
    for (let calls = 0; calls < 4; calls++) {
      clock.advance(300_000);
      await upload();
    }
    expect([await entries(), done]).toEqual([0, ['DELETE', 'PUT']]);
  });

  it('a row that is gone, first in a session, holds up the queue for the budget, and is recorded', async () => {
    const done: string[] = [];
    const { clock, upload } = uploads((method) => {
      if (method === 'DELETE') return new Response('', { status: 404 });
      done.push(method);
      return new Response(null, { status: 204 });
    });
    for (let minutes = 0; minutes < 50 && (await entries()) > 0; minutes++) {
      await upload();
      clock.advance(60_000);
    }
    expect([await entries(), done]).toEqual([0, ['PUT']]);
    const rows = await client.db.getAll('SELECT code, message FROM connector_rejected_writes');
    expect(rows).toMatchObject([{ code: 'unclassified' }]);
  });
});

describe('a preset', () => {
  it('rails() does not follow a 404 in front of the PATCH behind a refused PUT', async () => {
    const fetch = async (request: unknown) =>
      (request as Request).method === 'POST'
        ? Response.json({ title: ['has already been taken'] }, { status: 422 })
        : new Response('<html>', { status: 404 });
    const { transport } = rails({ url: 'https://api.test', userId: 'u', keepsIds: true, fetch });
    const [outcome] = await transport(batch(transaction('t', put(ID, { title: 'x' }))), context());
    const { code, budget } = unclear.error;
    expect(outcome).toMatchObject({ status: 'rejected', inBand: false, error: { code, budget } });
  });
});
