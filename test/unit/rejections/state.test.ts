import { describe, expect, it } from 'vitest';
import { ensureTables, readState, writeState } from '../../../src/rejections/state.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

describe('the tables of the connector', () => {
  it('are made once for each opened database', async () => {
    const database = new FakeQueue();
    await Promise.all([ensureTables(database), ensureTables(database)]);
    await ensureTables(database);
    expect(database.statements.filter((sql) => sql.startsWith('CREATE'))).toHaveLength(2);
    const tables = await database.getAll<{ name: string }>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`,
    );
    expect(tables.map(({ name }) => name)).toEqual(['connector_rejected_writes', 'connector_state']);
  });

  it('are left as they are where they exist', async () => {
    const database = new FakeQueue();
    await writeState(database, 'refusals', 2);
    expect(await readState(database.reopened(), 'refusals')).toBe(2);
  });

  it('are tried again after a failure', async () => {
    const database = new FakeQueue();
    database.broken = /CREATE/;
    await expect(writeState(database, 'refusals', 1)).rejects.toThrow('locked');
    database.broken = undefined;
    expect(await readState(database, 'refusals')).toBeUndefined();
  });
});

describe('state', () => {
  it('is undefined until it is written', async () => {
    expect(await readState(new FakeQueue(), 'refusals')).toBeUndefined();
  });

  it.each([0, 3, '', 'text', false, null, { key: "it's", count: 1 }, [1, 'ü 🥛']])(
    'keeps %j',
    async (value) => {
      const database = new FakeQueue();
      await writeState(database, 'a name', value);
      expect(await readState(database, 'a name')).toEqual(value);
    },
  );

  it('keeps the last value under each name', async () => {
    const database = new FakeQueue();
    await writeState(database, 'one', 1);
    await writeState(database, 'two', 2);
    await writeState(database, 'one', 3);
    expect([await readState(database, 'one'), await readState(database, 'two')]).toEqual([3, 2]);
  });
});
