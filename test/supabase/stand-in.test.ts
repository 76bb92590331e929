import { describe, expect, it } from 'vitest';
import { ANON_KEY, tokenOf, worldOfTests } from './support.ts';

// The stand-in of PostgREST is held to what PostgREST's documentation and source say, in the parts that it has.

const world = worldOfTests();

async function ask(
  method: string,
  path: string,
  {
    body,
    prefer = 'count=exact',
    user = 'ada',
  }: { body?: unknown; prefer?: string; user?: string | null } = {},
) {
  const response = await fetch(`${world.current.standIn.url}/rest/v1/${path}`, {
    method,
    headers: {
      apikey: ANON_KEY,
      authorization: `Bearer ${user === null ? ANON_KEY : tokenOf(user)}`,
      'content-type': 'application/json',
      prefer,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    range: response.headers.get('content-range'),
    ...(text !== '' && { body: JSON.parse(text) }),
  };
}

const upsert = { prefer: 'resolution=merge-duplicates, count=exact' };

describe('counts', () => {
  it('stand in Content-Range, each in its own form, and only when asked for', async () => {
    const rows = ['l1', 'l2'].map((id) => ({ id, name: 'Home' }));
    expect(await ask('POST', 'lists', { ...upsert, body: rows })).toEqual({ status: 201, range: '*/2' });
    expect(await ask('POST', 'lists', { ...upsert, body: rows[0] })).toEqual({ status: 201, range: '*/1' });
    const patch = { body: { name: 'House' } };
    expect(await ask('PATCH', 'lists?id=eq.l1', patch)).toEqual({ status: 204, range: '0-0/1' });
    expect(await ask('PATCH', 'lists?id=eq.gone', patch)).toEqual({ status: 204, range: '*/0' });
    expect(await ask('HEAD', 'lists?select=id')).toEqual({ status: 200, range: '0-1/2' });
    expect(await ask('DELETE', 'lists?id=in.(l1,"l2",gone)')).toEqual({ status: 204, range: '*/2' });
    expect(await ask('DELETE', 'lists?id=eq.l1', { prefer: '' })).toEqual({ status: 204, range: '*/*' });
  });
});

describe('errors', () => {
  it.each<[string, string, string, object | undefined, number, object]>([
    [
      'a constraint',
      'POST',
      'lists',
      { id: 'l1', name: '' },
      400,
      { code: '23514', message: 'new row for relation "lists" violates check constraint "lists_name_check"' },
    ],
    ['a policy', 'POST', 'lists', { id: 'l1', name: 'x', owner_id: 'bob' }, 403, { code: '42501' }],
    ['an unknown table', 'POST', 'nothing', {}, 404, { code: 'PGRST205' }],
    ['an unknown column', 'POST', 'lists', { nothing: 1 }, 400, { code: 'PGRST204' }],
    ['an unknown function', 'POST', 'rpc/nothing', {}, 404, { code: 'PGRST202' }],
    ['other arguments', 'POST', 'rpc/powersync_upload', { crud: [] }, 404, { code: 'PGRST202' }],
    ['rows of different columns', 'POST', 'lists', [{ id: '1' }, { name: 'x' }], 400, { code: 'PGRST102' }],
    ['another filter', 'DELETE', 'lists?id=gt.1', undefined, 400, { code: 'PGRST100' }],
    ['a list that ends early', 'DELETE', 'lists?id=in.(a', undefined, 400, { code: 'PGRST100' }],
    ['another method', 'PUT', 'lists', {}, 405, { code: 'PGRST117' }],
  ])('%s', async (_, method, path, body, status, error) => {
    const answer = await ask(method, path, { ...upsert, body });
    expect(answer).toMatchObject({ status, body: error });
    expect(Object.keys(answer.body).sort()).toEqual(['code', 'details', 'hint', 'message']);
  });

  it('a lack of rights is 401 for anonymous callers', async () => {
    expect(await ask('DELETE', 'lists?id=eq.x', { user: null })).toMatchObject({
      status: 401,
      body: { code: '42501' },
    });
  });

  it('a token that is not good', async () => {
    world.current.refused.add(tokenOf('ada'));
    expect(await ask('DELETE', 'lists?id=eq.x')).toMatchObject({ status: 401, body: { code: 'PGRST301' } });
  });
});

describe('functions', () => {
  it('answer with their value, or with nothing', async () => {
    await world.current.database.exec(`
      create function add(a integer, b integer) returns integer language sql as 'select a + b';
      create function nothing() returns void language sql as 'select';
    `);
    expect(await ask('POST', 'rpc/add', { body: { b: 2, a: 1 } })).toMatchObject({ status: 200, body: 3 });
    expect(await ask('POST', 'rpc/nothing', { body: {} })).toMatchObject({ status: 204 });
  });
});
