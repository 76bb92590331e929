import { PGlite } from '@electric-sql/pglite';
import { createGraphQLError } from 'graphql-yoga';
import type { UploadErrorCode } from 'powersync-backend-connector';
import { graphql, type Mutations } from 'powersync-backend-connector/graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { context, failureOf } from '../http/support.ts';
import { entry, startYoga, transactionOf } from './support.ts';

/** A stand-in with the mutations and the error codes that Hasura makes for a table, on a real Postgres. */
const SDL = /* GraphQL */ `
  type Mutation {
    insert_todos_one(object: todos_insert_input!, on_conflict: todos_on_conflict): todos
    update_todos_by_pk(pk_columns: todos_pk_columns_input!, _set: todos_set_input!): todos
    delete_todos_by_pk(id: String!): todos
  }
  type todos { id: String! title: String! }
  input todos_insert_input { id: String title: String done: Int }
  input todos_on_conflict { constraint: todos_constraint! update_columns: [todos_update_column!]! }
  input todos_pk_columns_input { id: String! }
  input todos_set_input { title: String done: Int }
  enum todos_constraint { todos_pkey }
  enum todos_update_column { title done }
`;

const mutations = {
  todos: {
    PUT: {
      mutation: `mutation ($object: todos_insert_input!, $columns: [todos_update_column!]!) {
        insert_todos_one(object: $object, on_conflict: { constraint: todos_pkey, update_columns: $columns }) { id }
      }`,
      variables: ({ id, opData }) => ({ object: { ...opData, id }, columns: Object.keys(opData ?? {}) }),
    },
    PATCH: {
      mutation: `mutation ($id: String!, $set: todos_set_input!) {
        update_todos_by_pk(pk_columns: { id: $id }, _set: $set) { id }
      }`,
      variables: ({ id, opData }) => ({ id, set: opData ?? {} }),
    },
    DELETE: {
      mutation: 'mutation ($id: String!) { delete_todos_by_pk(id: $id) { id } }',
      variables: ({ id }) => ({ id }),
    },
  },
} satisfies Mutations;

let database: PGlite;
beforeAll(async () => {
  database = await PGlite.create();
  await database.exec(`create table todos (id text primary key, title text not null unique, done int,
    check (title <> 'forbidden'))`);
});
beforeEach(() => database.exec('delete from todos'));
afterAll(() => database.close());

type Row = Record<string, unknown> & { id: string };

/** Fails as Hasura does: a code by the class of the SQLSTATE, without a path. */
async function run(sql: string, parameters: unknown[]): Promise<Row | null> {
  try {
    return (await database.query<Row>(sql, parameters)).rows[0] ?? null;
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    const own =
      code === '23514' ? 'permission-error' : code.startsWith('23') ? 'constraint-violation' : 'unexpected';
    throw createGraphQLError(message, { extensions: { code: own } });
  }
}

const startHasuraLike = (changes: Record<string, (variables: never) => unknown> = {}) =>
  startYoga({
    typeDefs: SDL,
    mutations: {
      insert_todos_one: ({ object: { id, title = null, done = null } }: { object: Row }) =>
        run(
          `insert into todos values ($1, $2, $3)
           on conflict (id) do update set title = excluded.title, done = excluded.done returning *`,
          [id, title, done],
        ),
      update_todos_by_pk: ({ pk_columns, _set }: { pk_columns: Row; _set: Row }) =>
        run('update todos set title = coalesce($2, title) where id = $1 returning *', [
          pk_columns.id,
          _set.title,
        ]),
      delete_todos_by_pk: ({ id }: Row) => run('delete from todos where id = $1 returning *', [id]),
      ...changes,
    },
  });

const put = (id: string, title: string | null = id) => entry({ table: 'todos', id, opData: { title } });
const patch = (id: string, title: string) => entry({ op: 'PATCH', table: 'todos', id, opData: { title } });
const remove = (id: string) => entry({ op: 'DELETE', table: 'todos', id });
const titles = async () =>
  (await database.query<Row>('select title from todos order by id')).rows.map(({ title }) => title);

describe('a mutation for each entry, against graphql-yoga on Postgres', () => {
  it('writes entry by entry, in the order of the queue', async () => {
    const { url, operations } = await startHasuraLike();
    const transactions = [transactionOf(put('a'), put('b')), transactionOf(patch('a', 'A'), remove('b'))];
    expect(await graphql({ url, mutations })({ transactions }, context())).toEqual([
      { status: 'applied' },
      { status: 'applied' },
    ]);
    expect(await titles()).toEqual(['A']);
    expect(operations.map(({ body }) => /(insert|update|delete)_/.exec(body.query)?.[1])).toEqual([
      'insert',
      'insert',
      'update',
      'delete',
    ]);
  });

  it('is the same after a replay: a PUT is an upsert, and a row that is gone stays gone', async () => {
    const { url } = await startHasuraLike();
    const transactions = [transactionOf(put('a')), transactionOf(put('b'), remove('b'))];
    for (let times = 0; times < 2; times++)
      expect(await graphql({ url, mutations })({ transactions }, context())).toEqual([
        { status: 'applied' },
        { status: 'applied' },
      ]);
    expect(await titles()).toEqual(['a']);
  });

  it('waits for whatever the app returns', async () => {
    const { url, operations } = await startHasuraLike();
    const asked: string[] = [];
    const later = async ({ op }: { op: string }) => {
      const { mutation, variables } = mutations.todos[op as keyof typeof mutations.todos];
      return {
        mutation,
        variables: async (...of: Parameters<typeof variables>) => variables(...of),
        async outcome() {
          asked.push(op);
          return undefined;
        },
      };
    };
    const outcomes = await graphql({ url, mutations: later })(
      { transactions: [transactionOf(put('a'), patch('a', 'A'))] },
      context(),
    );
    expect(outcomes).toEqual([{ status: 'applied' }]);
    expect(await titles()).toEqual(['A']);
    expect(asked).toEqual(['PUT', 'PATCH']);
    expect(operations).toHaveLength(2);
  });

  it('sends nothing where what the app returns is of a wrong kind', async () => {
    const { url, operations } = await startHasuraLike();
    const mutation = mutations.todos.PUT.mutation;
    for (const given of [
      async () => undefined,
      async () => ({ mutation }),
      () => ({ mutation, variables: async () => undefined }),
      () => ({ mutation, variables: () => ({ object: Promise.resolve({ id: 'a' }) }) }),
    ]) {
      const [outcome] = await graphql({ url, mutations: given as never })(
        { transactions: [transactionOf(put('a'))] },
        context(),
      );
      expect(outcome).toMatchObject({ status: 'retry', error: { code: 'misconfigured' } });
    }
    expect(operations).toHaveLength(0);
  });

  it('ids and values are in the variables only', async () => {
    const { url, operations } = await startHasuraLike();
    const id = `') { x } #"\n../`;
    await graphql({ url, mutations })({ transactions: [transactionOf(put(id, '"}){x}'))] }, context());
    expect(operations[0]?.body.query).toBe(mutations.todos.PUT.mutation);
    expect((await database.query('select id, title from todos')).rows).toEqual([{ id, title: '"}){x}' }]);
  });

  it.each<[string, UploadErrorCode, () => ReturnType<typeof transactionOf>]>([
    ['a title that is taken', 'conflict', () => transactionOf(put('x'), put('b', 'taken'))],
    ['no title', 'conflict', () => transactionOf(put('x'), put('b', null))],
    ['a title that a rule forbids', 'forbidden', () => transactionOf(put('x'), put('b', 'forbidden'))],
    ['a row that is gone', 'not_found', () => transactionOf(put('x'), patch('nobody', 'b'))],
  ])(
    '%s: rejected as %s, with the entries that were applied, and the rest not sent',
    async (_, code, make) => {
      await database.query("insert into todos values ('t', 'taken')");
      const { url } = await startHasuraLike();
      const outcomes = await graphql({ url, mutations })(
        { transactions: [make(), transactionOf(put('behind'))] },
        context(),
      );
      expect(outcomes).toMatchObject([
        { status: 'rejected', inBand: true, error: { code }, entryIndex: 1, appliedEntries: [0] },
        { status: 'not_attempted' },
      ]);
      expect(await titles()).toEqual(['taken', 'x']);
    },
  );

  it('a value the schema refuses before anything is executed is told from one the database refuses', async () => {
    const { url } = await startHasuraLike();
    const odd = entry({ table: 'todos', id: 'a', opData: { title: 'a', color: 'red' } });
    const [outcome] = await graphql({ url, mutations })({ transactions: [transactionOf(odd)] }, context());
    expect(outcome).toMatchObject({ status: 'rejected', inBand: false, error: { code: 'unclassified' } });
  });

  it('schema_mismatch: a mutation that the server does not have', async () => {
    const { url } = await startYoga({ typeDefs: 'type Mutation { version: Int }', mutations: {} });
    const transactions = [transactionOf(put('a'))];
    expect(await graphql({ url, mutations })({ transactions }, context())).toMatchObject([
      { status: 'retry', error: { code: 'schema_mismatch' } },
    ]);
  });

  it('what was applied before a failure is not sent again', async () => {
    let down = true;
    const { url, operations } = await startHasuraLike({
      delete_todos_by_pk: ({ id }: Row) => {
        if (down) throw new Error('masked');
        return run('delete from todos where id = $1 returning *', [id]);
      },
    });
    const transport = graphql({ url, mutations });
    const transactions = [transactionOf(put('a'), remove('a'), put('b'))];
    expect(await transport({ transactions }, context())).toMatchObject([
      { status: 'retry', error: { code: 'unavailable' } },
    ]);
    down = false;
    expect(await transport({ transactions }, context())).toEqual([{ status: 'applied' }]);
    expect(operations.map(({ body }) => body.variables.id ?? (body.variables.object as Row).id)).toEqual([
      'a',
      'a',
      'a',
      'b',
    ]);
    expect(await titles()).toEqual(['b']);
  });

  it('an entry without a mutation is kept, and what is before it is sent', async () => {
    const { url } = await startHasuraLike();
    const transactions = [transactionOf(put('a')), transactionOf(entry({ table: 'photos', op: 'PATCH' }))];
    expect(await graphql({ url, mutations })({ transactions }, context())).toMatchObject([
      { status: 'applied' },
      {
        status: 'retry',
        error: { code: 'misconfigured', message: expect.stringMatching(/PATCH.*"photos"/) },
      },
    ]);
  });

  it('gives the variables a key that is equal on every retry, and another for each entry', async () => {
    const { url } = await startHasuraLike();
    const keys: string[] = [];
    const remember: Mutations = (each) => ({
      mutation: 'mutation ($object: todos_insert_input!) { insert_todos_one(object: $object) { id } }',
      variables: ({ id, opData }, { key }) => {
        keys.push(key);
        return { object: { ...opData, id: `${id}-${each.op}` } };
      },
    });
    const [a, b] = [put('a'), put('b')];
    const transactions = [transactionOf(a, b)];
    for (let times = 0; times < 2; times++)
      await graphql({ url, mutations: remember })({ transactions }, context());
    const key = transactions[0]?.key;
    expect(keys).toEqual([`${key}:${a.clientId}`, `${key}:${b.clientId}`, ...keys.slice(0, 2)]);
  });

  it('a refused token ends the call, so that it is refreshed', async () => {
    const { url } = await startHasuraLike({
      insert_todos_one: () => createGraphQLError('expired', { extensions: { code: 'invalid-jwt' } }),
    });
    const delivery = graphql({ url, mutations })({ transactions: [transactionOf(put('a'))] }, context());
    expect((await failureOf(delivery)).code).toBe('unauthenticated');
  });

  it('several requests at once where asked for, never two of one row', async () => {
    let [now, most, twice] = [0, 0, 0];
    const rows = new Set<string>();
    const { url } = await startHasuraLike({
      insert_todos_one: async ({ object: { id } }: { object: Row }) => {
        if (rows.has(id)) twice++;
        rows.add(id);
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 100));
        now--;
        rows.delete(id);
        return { id };
      },
    });
    const ids = ['a', 'a', 'b', 'c', 'b', 'd'];
    const transactions = ids.map((id) => transactionOf(put(id)));
    const outcomes = await graphql({ url, mutations, concurrency: 3 })({ transactions }, context());
    expect(outcomes).toEqual(ids.map(() => ({ status: 'applied' })));
    expect(twice).toBe(0);
    expect(most).toBeGreaterThan(1);
  });
});

describe('servers with manners of their own', () => {
  it('PostGraphile: SQLSTATE in errcode, and an error without a code for a row that is gone', async () => {
    const typeDefs = `type Mutation { deleteTodo(id: String!): Todo putTodo(id: String!): Todo } type Todo { id: String }`;
    const { url } = await startYoga({
      typeDefs,
      mutations: {
        putTodo: () => createGraphQLError('taken', { extensions: { errcode: '23505' } }),
        deleteTodo: () =>
          createGraphQLError("No values were deleted in collection 'todos' because no values were found."),
      },
    });
    const ofTable = (op: string): Mutations => ({
      default: {
        [op]: {
          mutation: `mutation ($id: String!) { ${op === 'PUT' ? 'put' : 'delete'}Todo(id: $id) { id } }`,
          variables: ({ id }: Row) => ({ id }),
          outcome: ({ errors }: { errors: readonly { message: string }[] }) =>
            errors.some(({ message }) => message.startsWith('No values were deleted'))
              ? { status: 'applied' }
              : undefined,
        },
      },
    });
    const deliver = (op: string) =>
      graphql({ url, mutations: ofTable(op) })({ transactions: [transactionOf(entry({ op }))] }, context());
    expect(await deliver('PUT')).toMatchObject([
      { status: 'rejected', inBand: true, error: { code: 'conflict' } },
    ]);
    expect(await deliver('DELETE')).toEqual([{ status: 'applied' }]);
  });

  it('NOT_FOUND with status 404: applied for a DELETE, rejected for a PATCH', async () => {
    const typeDefs = 'type Mutation { write(id: String!): Int }';
    const gone = () =>
      createGraphQLError('gone', { extensions: { code: 'NOT_FOUND', http: { status: 404 } } });
    const { url } = await startYoga({ typeDefs, mutations: { write: gone } });
    const write = {
      mutation: 'mutation ($id: String!) { write(id: $id) }',
      variables: ({ id }: { id: string }) => ({ id }),
    };
    const deliver = (op: string) =>
      graphql({ url, mutations: () => write })({ transactions: [transactionOf(entry({ op }))] }, context());
    expect(await deliver('DELETE')).toEqual([{ status: 'applied' }]);
    expect(await deliver('PATCH')).toMatchObject([
      { status: 'rejected', error: { code: 'not_found', status: 404 }, details: { message: 'gone' } },
    ]);
  });
});
