import { describe, expect, it } from 'vitest';
import { UploadError } from '../../../src/error/upload-error.ts';
import { writeBorder } from '../../../src/queue/owner-borders.ts';
import { record } from '../../../src/rejections/record.ts';
import { forgetApplied, recordedStates, rowsOfOwner } from '../../../src/rejections/rows.ts';
import { anEntry, FakeQueue } from '../../support/fake-queue.ts';

/** A database with a write that is rejected, one that is held, and one that was released. */
async function listed(): Promise<FakeQueue> {
  const database = new FakeQueue();
  for (const key of ['rejected', 'held', 'released']) {
    const about = { key, entries: [anEntry()], error: new UploadError('conflict', 'Taken.') };
    await record()({ ...about, needsDecision: key !== 'rejected' }, { database, now: 1 });
  }
  await database.execute("UPDATE connector_rejected_writes SET state = key WHERE key = 'released'");
  return database;
}

const keys = async (database: FakeQueue) =>
  (await database.getAll<{ key: string }>('SELECT key FROM connector_rejected_writes')).map(({ key }) => key);

describe('recordedStates()', () => {
  it('tells the state of those that are listed, and of no other', async () => {
    const database = await listed();
    const states = await recordedStates(database, ['held', 'new', 'released', 'rejected']);
    expect(Object.fromEntries(states)).toEqual({
      rejected: 'rejected',
      held: 'held',
      released: 'released',
    });
    expect(Object.fromEntries(await recordedStates(database, ['held']))).toEqual({ held: 'held' });
    expect((await recordedStates(database, [])).size).toBe(0);
  });

  it('takes keys with any sign in them', async () => {
    const database = await listed();
    const key = `it's "quoted", ü 🥛\\`;
    await database.execute('UPDATE connector_rejected_writes SET key = ? WHERE key = ?', [key, 'held']);
    expect(await recordedStates(database, [key])).toEqual(new Map([[key, 'held']]));
  });

  it('makes no table where nothing was ever rejected', async () => {
    const database = new FakeQueue();
    expect((await recordedStates(database, ['key'])).size).toBe(0);
    expect(database.statements.filter((sql) => /^(CREATE|INSERT)/.test(sql))).toEqual([]);
  });

  it('says so where the table can not be read: what is recorded must not be sent again', async () => {
    const database = await listed();
    database.broken = /connector_rejected_writes WHERE key IN/;
    await expect(recordedStates(database, ['rejected'])).rejects.toThrow('locked');
  });
});

describe('forgetApplied()', () => {
  it('removes what was held and is applied now, and nothing that is final', async () => {
    const database = await listed();
    await forgetApplied(database, ['rejected', 'held']);
    expect(await keys(database)).toEqual(['rejected', 'released']);
    await forgetApplied(database, ['released', 'new']);
    expect(await keys(database)).toEqual(['rejected']);
  });
});

describe('rowsOfOwner()', () => {
  it('are all where no owner is known, and are removed so that watchers of the table are told', async () => {
    const database = await listed();
    const theirs = await rowsOfOwner(database);
    expect(theirs.rows.map(({ key }) => key)).toEqual(['rejected', 'held', 'released']);
    await theirs.remove();
    expect(await keys(database)).toEqual([]);
    // SQLite's truncate optimization tells an update hook nothing.
    expect(database.statements.find((sql) => sql.startsWith('DELETE'))).toContain(' WHERE ');
  });

  it('are those of who is signed in, and no others', async () => {
    const database = await listed();
    await database.execute("UPDATE connector_rejected_writes SET owner = key WHERE key <> 'rejected'");
    await database.getAll('SELECT 1 FROM ps_crud');
    await writeBorder(database, 'held');
    const theirs = await rowsOfOwner(database);
    expect(theirs.rows.map(({ key }) => key)).toEqual(['held']);
    await theirs.remove();
    expect(await keys(database)).toEqual(['rejected', 'released']);
  });
});
