import { describe, expect, it } from 'vitest';
import { ensureTables, readState, writeState } from '../../../src/database/tables.ts';
import { listRejected } from '../../../src/rejections/list.ts';
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
    expect(database.statements.filter((sql) => sql.startsWith('ALTER'))).toEqual([]);
  });

  it('are left as they are where they exist', async () => {
    const database = new FakeQueue();
    await writeState(database, 'refusals', 2);
    expect(await readState(database.reopened(), 'refusals')).toBe(2);
  });

  describe('made by an earlier version', () => {
    /** The table as versions up to 0.1 made it, with a row. */
    async function earlier(): Promise<FakeQueue> {
      const database = new FakeQueue();
      await database.execute(
        `CREATE TABLE connector_rejected_writes (key TEXT PRIMARY KEY NOT NULL, transaction_id INTEGER,
entries TEXT NOT NULL, entry_index INTEGER, applied_entries TEXT NOT NULL, code TEXT NOT NULL, status INTEGER, message TEXT NOT NULL, details TEXT,
owner TEXT, rejected_at INTEGER NOT NULL, told_at INTEGER, state TEXT NOT NULL, later_op_ids TEXT NOT NULL)`,
      );
      await database.execute(`INSERT INTO connector_rejected_writes
(key, entries, applied_entries, code, message, rejected_at, state, later_op_ids)
VALUES ('client:1-1:0123456789abcdef', '[]', '[]', 'conflict', 'Taken.', 1, 'rejected', '[]')`);
      return database;
    }

    it('get the column that came later, once, and keep their rows', async () => {
      const database = await earlier();
      await ensureTables(database);
      await ensureTables(database.reopened());
      expect(await listRejected(database)).toMatchObject([{ code: 'conflict', mayBeApplied: false }]);
    });

    it('get it from two tabs at once', async () => {
      const database = await earlier();
      await Promise.all([ensureTables(database), ensureTables(database.reopened())]);
      expect(await listRejected(database)).toHaveLength(1);
    });

    it('stay usable for the next try where it cannot be added', async () => {
      const database = await earlier();
      database.broken = /ALTER/;
      await expect(ensureTables(database)).rejects.toThrow('locked');
      database.broken = undefined;
      expect(await listRejected(database)).toHaveLength(1);
    });
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
