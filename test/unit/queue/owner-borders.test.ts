import { expect, it } from 'vitest';
import { readBorders, writeBorder } from '../../../src/queue/owner-borders.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

it('without a table there are no borders, and no table is made for that', async () => {
  const database = new FakeQueue();
  expect(await readBorders(database)).toEqual([]);
  expect(database.statements.filter((sql) => sql.includes('CREATE'))).toEqual([]);
});

it('looks for the table only until it is there: every upload reads the borders', async () => {
  const database = new FakeQueue();
  await database.execute('CREATE TABLE ps_crud (id INTEGER PRIMARY KEY AUTOINCREMENT)');
  await readBorders(database);
  await writeBorder(database, 'ada');
  await readBorders(database);
  const before = database.statements.length;
  expect(await readBorders(database)).toMatchObject([{ fromOpId: 1, owner: 'ada', version: 1 }]);
  expect(database.statements.slice(before)).toHaveLength(1);
});
