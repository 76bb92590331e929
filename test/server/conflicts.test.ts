import {
  byField,
  byTimestamp,
  byVersion,
  type Conflict,
  createWriteHandler,
  cumulative,
  mergeWith,
  refuseConflicts,
  type TransactionResult,
} from 'powersync-backend-connector/server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPglite, type TestDatabase } from './support/databases.ts';
import { uuid } from './support/schema.ts';

const ROW = uuid(1);
const STORED = {
  description: 'theirs',
  count: 10,
  version: 5,
  due_at: '2026-01-10T00:00:00Z',
  meta: '{"a": 1}',
};

/** Applies one change to a row that somebody else has changed to `STORED`. */
describe('a change meets a row that somebody else has changed', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await openPglite();
  });
  afterAll(() => db?.close());
  beforeEach(async () => {
    await db.sql('delete from todos');
    await db.sql('delete from powersync_write_results');
  });

  async function change(
    conflict: Conflict | undefined,
    entry: { op: 'PUT' | 'PATCH' | 'DELETE'; op_data?: object; previous_values?: object },
  ): Promise<{ result: TransactionResult; row: Record<string, unknown> | undefined }> {
    const handler = (policy: Conflict | undefined) =>
      createWriteHandler({
        database: db.database,
        authenticate: () => ({ id: 'ann' }),
        tables: {
          todos: {
            columns: ['description', 'count', 'version', 'due_at', 'meta'],
            owner: 'owner_id',
            conflict: policy,
          },
        },
      });
    const send = async (policy: Conflict | undefined, crud: object) =>
      (await handler(policy).apply({ id: 'ann' }, { transactions: [{ crud: [crud] }] }))
        .results[0] as TransactionResult;
    await send(undefined, { op: 'PUT', table: 'todos', id: ROW, op_data: STORED });
    const result = await send(conflict, { table: 'todos', id: ROW, ...entry });
    const [row] = await db.sql('select description, count::int, version from todos');
    return { result, row };
  }

  const refusal = (columns: string[] | undefined) => ({
    status: 'fatal_error',
    failed_operation: {
      error_code: 'CONFLICT',
      operation_index: 0,
      details: {
        ...(columns && { columns }),
        server_row: {
          id: ROW,
          description: 'theirs',
          count: 10,
          version: 5,
          due_at: '2026-01-10 00:00:00+00',
          meta: { a: 1 },
        },
      },
    },
  });
  const success = { status: 'success' };
  const unchanged = { description: 'theirs', count: 10, version: 5 };

  it.each([
    [
      'last-write: the last value of each column',
      undefined,
      { op: 'PATCH', op_data: { description: 'mine' }, previous_values: { description: 'old' } },
      success,
      { ...unchanged, description: 'mine' },
    ],
    ['last-write: a delete wins', 'last-write', { op: 'DELETE' }, success, undefined],

    [
      'version: seen the stored one',
      byVersion('version'),
      { op: 'PATCH', op_data: { description: 'mine', version: 6 } },
      success,
      { ...unchanged, description: 'mine', version: 6 },
    ],
    [
      'version: seen an older one',
      byVersion('version'),
      { op: 'PATCH', op_data: { description: 'mine', version: 5 } },
      refusal(undefined),
      unchanged,
    ],
    [
      'version: seen another one, by previous values',
      byVersion('version'),
      { op: 'PATCH', op_data: { description: 'mine' }, previous_values: { version: 4 } },
      refusal(undefined),
      unchanged,
    ],
    [
      'version: seen the stored one, by previous values',
      byVersion('version'),
      { op: 'PATCH', op_data: { description: 'mine' }, previous_values: { version: 5 } },
      success,
      { ...unchanged, description: 'mine', version: 6 },
    ],
    [
      'version: says none',
      byVersion('version'),
      { op: 'PATCH', op_data: { description: 'mine' } },
      refusal(undefined),
      unchanged,
    ],
    [
      'version: a delete on an older one',
      byVersion('version'),
      { op: 'DELETE', previous_values: { version: 4 } },
      refusal(undefined),
      unchanged,
    ],

    [
      'timestamp: later',
      byTimestamp('due_at'),
      { op: 'PATCH', op_data: { description: 'mine', due_at: '2026-01-11T00:00:00Z' } },
      success,
      { ...unchanged, description: 'mine' },
    ],
    [
      'timestamp: earlier, in another zone',
      byTimestamp('due_at'),
      { op: 'PATCH', op_data: { description: 'mine', due_at: '2026-01-10T00:30:00+01:00' } },
      success,
      unchanged,
    ],
    [
      'timestamp: none',
      byTimestamp('due_at'),
      { op: 'PATCH', op_data: { description: 'mine' } },
      { status: 'fatal_error', failed_operation: { error_code: 'INVALID_DATA' } },
      unchanged,
    ],
    ['timestamp: a delete', byTimestamp('due_at'), { op: 'DELETE' }, success, undefined],

    [
      'fields: changed by me alone',
      byField(),
      { op: 'PATCH', op_data: { count: 11 }, previous_values: { count: 10 } },
      success,
      { ...unchanged, count: 11 },
    ],
    [
      'fields: changed by both',
      byField(),
      { op: 'PATCH', op_data: { description: 'mine' }, previous_values: { description: 'old' } },
      refusal(['description']),
      unchanged,
    ],
    [
      'fields: changed by both to the same',
      byField(),
      { op: 'PATCH', op_data: { description: 'theirs' }, previous_values: { description: 'old' } },
      success,
      unchanged,
    ],
    [
      'fields: JSON that only looks different',
      byField(),
      { op: 'PATCH', op_data: { meta: '{"a":2}' }, previous_values: { meta: '{ "a":1 }' } },
      success,
      unchanged,
    ],

    [
      'merge: called with the three',
      mergeWith(({ base, theirs, mine }) => ({
        description: `${base.description}+${theirs.description}+${mine.description}`,
      })),
      { op: 'PATCH', op_data: { description: 'mine' }, previous_values: { description: 'old' } },
      success,
      { ...unchanged, description: 'old+theirs+mine' },
    ],
    [
      'merge: not called without a conflict',
      mergeWith(() => ({ description: 'merged' })),
      { op: 'PATCH', op_data: { description: 'mine' }, previous_values: { description: 'theirs' } },
      success,
      { ...unchanged, description: 'mine' },
    ],

    [
      'cumulative: adds what I added',
      cumulative('count'),
      { op: 'PATCH', op_data: { count: 7 }, previous_values: { count: 4 } },
      success,
      { ...unchanged, count: 13 },
    ],
    [
      'cumulative: needs to know from what',
      cumulative('count'),
      { op: 'PATCH', op_data: { count: 7 } },
      { status: 'fatal_error', failed_operation: { error_code: 'INVALID_DATA' } },
      unchanged,
    ],

    [
      'refuse: anything',
      refuseConflicts(),
      { op: 'PATCH', op_data: { count: 11 }, previous_values: { count: 10, description: 'old' } },
      refusal(['description']),
      unchanged,
    ],
    [
      'refuse: a delete too',
      refuseConflicts(),
      { op: 'DELETE', previous_values: { description: 'old' } },
      refusal(['description']),
      unchanged,
    ],
    [
      'refuse: nothing has changed',
      refuseConflicts(),
      { op: 'DELETE', previous_values: { description: 'theirs', count: 10 } },
      success,
      undefined,
    ],
  ] as const)('%s', async (_, conflict, entry, result, row) => {
    const changed = await change(conflict, entry);
    expect(changed.result).toMatchObject(result);
    expect(changed.row).toEqual(row);
  });

  it('shows the stored row only to those who may change it', async () => {
    const bobs = createWriteHandler({
      database: db.database,
      authenticate: () => ({ id: 'bob' }),
      tables: { todos: { columns: ['description'], owner: 'owner_id', conflict: refuseConflicts() } },
    });
    await change(undefined, { op: 'PATCH', op_data: {} });
    const entry = {
      op: 'PATCH',
      table: 'todos',
      id: ROW,
      op_data: { description: 'x' },
      previous_values: { description: 'old' },
    };
    const { results } = await bobs.apply({ id: 'bob' }, { transactions: [{ crud: [entry] }] });
    expect(results[0]).toMatchObject({ failed_operation: { error_code: 'UNAUTHORIZED' } });
    expect(JSON.stringify(results)).not.toContain('theirs');
  });

  it('counts large numbers exactly', async () => {
    const handler = createWriteHandler({
      database: db.database,
      authenticate: () => ({ id: 'ann' }),
      tables: { todos: { columns: ['count'], owner: 'owner_id', conflict: cumulative('count') } },
    });
    const send = async (crud: object) =>
      (await handler.apply({ id: 'ann' }, { transactions: [{ crud: [crud] }] })).results[0];
    await send({ op: 'PUT', table: 'todos', id: ROW, op_data: { count: '9007199254740993' } });
    const entry = {
      op: 'PATCH',
      table: 'todos',
      id: ROW,
      op_data: { count: '9007199254740999' },
      previous_values: { count: '9007199254740993' },
    };
    expect(await send(entry)).toEqual(success);
    expect(await db.sql('select count::text from todos')).toEqual([{ count: '9007199254740999' }]);
  });
});
