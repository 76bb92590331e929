import type { StandardSchemaV1 } from '@standard-schema/spec';
import { createWriteHandler, type TransactionResult } from 'powersync-backend-connector/server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES, type TestDatabase } from './support/databases.ts';
import { uuid } from './support/schema.ts';

type Issue = StandardSchemaV1.Issue;
type Columns = Record<string, unknown>;

/** What each column must be. `undefined` stands for a column that isn't there. */
const RULES: Record<string, (value: unknown) => boolean> = {
  description: (value) => typeof value === 'string' && value.length >= 3,
  code: (value) => value === undefined || typeof value === 'string',
  list_id: (value) => value === null || typeof value === 'string',
  completed: (value) => value === undefined || typeof value === 'boolean',
  meta: (value) => value === undefined || value === null || typeof value === 'object',
};
const wrongIn = (columns: Columns) => Object.keys(RULES).filter((name) => !RULES[name]?.(columns[name]));

function schema(
  vendor: string,
  issuesOf: (columns: Columns) => readonly Issue[],
  isAsync = false,
): StandardSchemaV1 {
  return {
    '~standard': {
      version: 1,
      vendor,
      validate(value) {
        const issues = issuesOf(value as Columns);
        const result = issues.length > 0 ? { issues } : { value };
        return isAsync ? Promise.resolve(result) : result;
      },
    },
  };
}

/** A list that makes lists of its own kind, from a constructor of another kind, as those of arktype do. */
class OwnList<Item> extends Array<Item> {
  constructor(...items: Item[]) {
    super();
    this.push(...items);
  }
}

/** What the libraries give for a column that is wrong. */
const LIBRARIES: Record<string, StandardSchemaV1> = {
  zod: schema('zod', (columns) =>
    wrongIn(columns).map((name) => ({ message: `${name}: zod`, path: [name] })),
  ),
  'zod with checks that wait': schema(
    'zod',
    (columns) => wrongIn(columns).map((name) => ({ message: `${name}: zod`, path: [name] })),
    true,
  ),
  valibot: schema('valibot', (columns) =>
    wrongIn(columns).map((name) => ({
      message: `${name}: valibot`,
      path: [{ type: 'object', origin: 'value', input: columns, key: name, value: columns[name] }],
    })),
  ),
  arktype: schema(
    'arktype',
    (columns) =>
      new OwnList(
        ...wrongIn(columns).map((name) => ({
          message: `${name}: arktype`,
          path: new OwnList<PropertyKey>(name),
        })),
      ),
  ),
};

let db: TestDatabase;
beforeAll(async () => {
  db = await (DATABASES.PGlite as () => Promise<TestDatabase>)();
});
afterAll(() => db?.close());
beforeEach(async () => {
  await db.sql('delete from todos');
});

async function write(by: StandardSchemaV1, ...entries: ['PUT' | 'PATCH' | 'DELETE', Columns?][]) {
  const { apply } = createWriteHandler({
    database: db.database,
    authenticate: () => ({ id: 'ann' }),
    tables: { todos: { columns: Object.keys(RULES), owner: 'owner_id', schema: by } },
  });
  const crud = entries.map(([op, op_data]) => ({
    op,
    table: 'todos',
    id: uuid(1),
    ...(op_data && { op_data }),
  }));
  const { results } = await apply({ id: 'ann' }, { transactions: [{ crud }] });
  return results[0] as TransactionResult;
}
const refusal = (message: RegExp, path: string[]) => ({
  status: 'fatal_error',
  failed_operation: {
    error_code: 'INVALID_DATA',
    message: expect.stringMatching(message),
    details: { issues: [{ message: expect.stringMatching(message), path }] },
  },
});

describe.each(Object.entries(LIBRARIES))('a schema of %s', (_, by) => {
  it('sees a PUT whole', async () => {
    expect(await write(by, ['PUT', { code: 'x' }])).toMatchObject(refusal(/^description: /, ['description']));
    expect(await write(by, ['PUT', { description: 'a' }])).toMatchObject(
      refusal(/^description: /, ['description']),
    );
    expect(await write(by, ['PUT', { description: 'Milk' }])).toEqual({ status: 'success' });
  });

  it('sees of a PATCH what was written', async () => {
    await write(by, ['PUT', { description: 'Milk' }]);
    expect(await write(by, ['PATCH', { code: 'x' }])).toEqual({ status: 'success' });
    expect(await write(by, ['PATCH', { description: 'a' }])).toMatchObject(
      refusal(/^description: /, ['description']),
    );
    expect(await write(by, ['PATCH', { description: null }])).toMatchObject({ status: 'fatal_error' });
    expect(await db.sql('select description, code from todos')).toEqual([{ description: 'Milk', code: 'x' }]);
  });

  it('sees values as the columns have them: SQLite has no booleans, and JSON is text', async () => {
    const meta = '{"a":1}';
    expect(await write(by, ['PUT', { description: 'Milk', completed: 1, meta }])).toEqual({
      status: 'success',
    });
    expect(await db.sql('select completed, meta from todos')).toEqual([{ completed: true, meta: { a: 1 } }]);
  });

  it('takes a column that is not in a PUT for null too: clients leave out what is null', async () => {
    // `list_id` may be null, `code` may be absent, and neither was sent.
    expect(await write(by, ['PUT', { description: 'Milk' }])).toEqual({ status: 'success' });
  });

  it('is not asked about a DELETE', async () => {
    await write(by, ['PUT', { description: 'Milk' }]);
    expect(await write(by, ['DELETE'])).toEqual({ status: 'success' });
  });
});

describe('issues of other forms', () => {
  const whole = (columns: Columns): Issue[] =>
    columns.code === 'bad' ? [{ message: 'The whole is wrong' }] : [];

  it('about the whole row count, in a PATCH too', async () => {
    const by = schema('x', whole);
    await write(by, ['PUT', { description: 'Milk' }]);
    expect(await write(by, ['PATCH', { code: 'bad' }])).toMatchObject(refusal(/whole/, []));
    const empty = schema('x', (columns) =>
      whole(columns).map((issue) => ({ ...issue, path: new OwnList<PropertyKey>() })),
    );
    expect(await write(empty, ['PATCH', { code: 'bad' }])).toMatchObject(refusal(/whole/, []));
  });

  it('inside a column are told with the whole path', async () => {
    const by = schema('x', ({ meta }) => (meta ? [{ message: 'no', path: ['meta', 0, { key: 'a' }] }] : []));
    expect(await write(by, ['PUT', { meta: '[{"a":1}]' }])).toMatchObject(
      refusal(/^no$/, ['meta', '0', 'a']),
    );
  });

  it('a schema that throws is a fault of the server', async () => {
    const by = schema('x', () => {
      throw new Error('a bug');
    });
    const real = console.error;
    console.error = () => {};
    try {
      expect(await write(by, ['PUT', {}])).toMatchObject({ status: 'retryable_error' });
    } finally {
      console.error = real;
    }
  });
});
