import type { TransportContext } from 'powersync-backend-connector';
import { checkpointRequests } from 'powersync-backend-connector/http';
import {
  createWriteHandler,
  Unauthenticated,
  type WriteHandlerOptions,
} from 'powersync-backend-connector/server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contractErrors } from './support/contract.ts';
import { DATABASES, type TestDatabase } from './support/databases.ts';

const ROUTE = '/api/checkpoint-request';
const GREATEST = 2n ** 63n - 1n;

describe.each(Object.entries(DATABASES))('%s', (_, open) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db?.close());
  beforeEach(async () => {
    await db.sql('delete from powersync_checkpoint_requests');
  });

  const errors: unknown[] = [];
  const route = (more: Partial<WriteHandlerOptions> = {}) =>
    createWriteHandler({
      database: db.database,
      authenticate(request) {
        const [, id] = (request.headers.get('authorization') ?? '').split(' ');
        if (!id) throw new Unauthenticated();
        return { id };
      },
      tables: { lists: { columns: ['name'], owner: 'owner_id' } },
      onError: (error) => errors.push(error),
      ...more,
    }).checkpointRequest;
  const send = async (body: unknown, { method = 'POST', user = 'ann' } = {}, answer = route()) => {
    const response = await answer(
      new Request(`https://api.test${ROUTE}`, {
        method,
        headers: user ? { authorization: `Bearer ${user}` } : {},
        ...(method !== 'GET' && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );
    const json = await response.json();
    expect(contractErrors(response.status, json, ROUTE)).toEqual([]);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    return { status: response.status, json };
  };

  it('keeps the greatest id of each user and client, and answers it to the client of this package', async () => {
    const answer = route();
    const keep = (user: string, client: string, id: bigint) =>
      checkpointRequests({
        url: `https://api.test${ROUTE}`,
        fetch: ((request: Request) => answer(request)) as typeof fetch,
      })(client, String(id), {
        signal: new AbortController().signal,
        token: async () => user,
      } as TransportContext);
    expect(await keep('ann', 'phone', 5n)).toBe('5');
    expect(await keep('ann', 'phone', 3n)).toBe('5');
    expect(await keep('ann', 'phone', 7n)).toBe('7');
    expect(await keep('ann', 'laptop', 1n)).toBe('1');
    expect(await keep('bob', 'phone', 2n)).toBe('2');
    expect(await keep('ann', 'phone', GREATEST)).toBe(String(GREATEST));
    expect(await keep('ann', 'phone', GREATEST - 1n)).toBe(String(GREATEST));
    expect(
      await db.sql(
        "select user_id, client_id, concat(checkpoint, '') as checkpoint from powersync_checkpoint_requests order by 1, 2",
      ),
    ).toEqual([
      { user_id: 'ann', client_id: 'laptop', checkpoint: '1' },
      { user_id: 'ann', client_id: 'phone', checkpoint: String(GREATEST) },
      { user_id: 'bob', client_id: 'phone', checkpoint: '2' },
    ]);
  });

  it('never lowers an id, whatever the order in which requests arrive at the same time', async () => {
    const answer = route();
    const ids = Array.from({ length: 20 }, (_, n) => String((n * 7) % 20));
    const answers = await Promise.all(
      ids.map((id) => send({ client_id: 'phone', checkpoint_request_id: id }, {}, answer)),
    );
    for (const [n, { json }] of answers.entries()) {
      expect(Number(json.checkpoint_request_id)).toBeGreaterThanOrEqual(Number(ids[n]));
    }
    expect((await send({ client_id: 'phone', checkpoint_request_id: '0' })).json).toEqual({
      client_id: 'phone',
      checkpoint_request_id: '19',
    });
  });

  it('keeps a request that waited in a queue of the app', async () => {
    const { keepCheckpoint } = createWriteHandler({
      database: db.database,
      authenticate: () => ({ id: 'ann' }),
      tables: { lists: { columns: ['name'], owner: 'owner_id' } },
    });
    const body = { client_id: 'phone', checkpoint_request_id: '5' };
    expect(await keepCheckpoint({ id: 'ann' }, body)).toEqual(body);
    expect(await keepCheckpoint({ id: 'ann' }, { ...body, checkpoint_request_id: '4' })).toEqual(body);
    await expect(keepCheckpoint({} as never, body)).rejects.toThrow(/user must have an id/);
  });

  it('takes PUT too, which is what the PowerSync Service takes', async () => {
    const body = { client_id: 'phone', checkpoint_request_id: '5' };
    expect(await send(body, { method: 'PUT' })).toEqual({ status: 200, json: body });
    expect((await send(body, { method: 'DELETE' })).status).toBe(405);
    expect((await send(body, { method: 'GET' })).status).toBe(405);
    expect((await send(body, { user: '' })).status).toBe(401);
  });

  it.each<[unknown]>([
    [''],
    ['['],
    [null],
    [[]],
    [{}],
    [{ client_id: 'phone' }],
    [{ checkpoint_request_id: '1' }],
    [{ client_id: '', checkpoint_request_id: '1' }],
    [{ client_id: 5, checkpoint_request_id: '1' }],
    [{ client_id: 'a\0', checkpoint_request_id: '1' }],
    [{ client_id: '\ud800', checkpoint_request_id: '1' }],
    [{ client_id: 'c'.repeat(256), checkpoint_request_id: '1' }],
    [{ client_id: 'phone', checkpoint_request_id: 1 }],
    [{ client_id: 'phone', checkpoint_request_id: '' }],
    [{ client_id: 'phone', checkpoint_request_id: '-1' }],
    [{ client_id: 'phone', checkpoint_request_id: '01' }],
    [{ client_id: 'phone', checkpoint_request_id: '1.5' }],
    [{ client_id: 'phone', checkpoint_request_id: '1\n' }],
    [{ client_id: 'phone', checkpoint_request_id: String(GREATEST + 1n) }],
    [{ client_id: 'phone', checkpoint_request_id: '9'.repeat(400) }],
  ])('%j: 400', async (body) => {
    errors.length = 0;
    expect((await send(body)).status).toBe(400);
    expect(errors).toEqual([]);
  });

  it('needs its table: 503 until it is there', async () => {
    const answer = route();
    const body = { client_id: 'phone', checkpoint_request_id: '5' };
    await db.sql('alter table powersync_checkpoint_requests rename to elsewhere');
    try {
      errors.length = 0;
      expect((await send(body, {}, answer)).status).toBe(503);
      expect(String(errors)).toMatch(/There is no table powersync_checkpoint_requests/);
    } finally {
      await db.sql('alter table elsewhere rename to powersync_checkpoint_requests');
    }
    expect((await send(body, {}, answer)).status).toBe(200);
  });
});
