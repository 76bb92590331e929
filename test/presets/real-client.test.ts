import { column, Schema, Table } from '@powersync/common';
import { BackendConnector } from 'powersync-backend-connector';
import { django, nestjs, nodejs, type Preset, rails } from 'powersync-backend-connector/presets';
import { listRejected } from 'powersync-backend-connector/rejections';
import { fakeClock } from 'powersync-backend-connector/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { closeClient, openClient } from '../support/client.ts';
import { startDjango } from '../support/published-backends/django.ts';
import { startNestjs } from '../support/published-backends/nestjs.ts';
import { startNodejs } from '../support/published-backends/nodejs.ts';
import { startRails } from '../support/published-backends/rails.ts';

// The schema of the to-do demos.
const schema = new Schema({
  lists: new Table(
    { created_at: column.text, name: column.text, owner_id: column.text },
    { trackPrevious: true },
  ),
  todos: new Table({
    list_id: column.text,
    description: column.text,
    completed: column.integer,
    created_by: column.text,
  }),
  activities: new Table({ title: column.text, description: column.text }),
  Product: new Table({ name: column.text, price: column.real }),
});

async function app(preset: Preset) {
  const client = await openClient({ schema });
  const clock = fakeClock();
  const connector = new BackendConnector({
    endpoint: 'https://service.test',
    random: () => 0,
    clock,
    retry: { maxMs: 30_000 },
    ...preset,
  });
  onTestFinished(async () => {
    connector.close();
    await closeClient(client);
  });
  const { db } = client;
  return {
    db,
    connector,
    /** Uploads all that is queued, as the SDK does, when the wait after the last failure is over. */
    async upload(waitMs = 40_000) {
      clock.advance(waitMs);
      while (await db.getNextCrudTransaction()) await connector.uploadData(db);
    },
    run: (sql: string) => db.execute(sql),
    queued: async () => (await db.getCrudBatch(100))?.crud.length ?? 0,
    refused: async () => (await listRejected(db)).map(({ code }) => code),
  };
}

const NEW_LIST = "INSERT INTO lists (id, name, owner_id) VALUES ('a', 'Groceries', 'u1')";

describe('nodejs() under the real SDK', () => {
  async function started() {
    const standIn = await startNodejs();
    return { standIn, store: standIn.store, ...(await app(nodejs({ url: standIn.url, userId: 'u1' }))) };
  }

  it('gives the SDK its token', async () => {
    const { standIn, connector } = await started();
    const credentials = await connector.fetchCredentials();
    expect(credentials?.endpoint).toBe('https://service.test');
    expect(standIn.tokens).toContain(credentials?.token);
  });

  it('uploads each local transaction as one, in order, and empties the queue', async () => {
    const { standIn, store, db, run, upload, queued } = await started();
    await db.writeTransaction(async (tx) => {
      await tx.execute(NEW_LIST);
      await tx.execute("INSERT INTO todos (id, list_id, description) VALUES ('t', 'a', 'Milk')");
    });
    await run("UPDATE lists SET name = 'Shopping', owner_id = NULL");
    await run('DELETE FROM todos');
    await upload();
    expect(standIn.requests.map(({ json }) => json.batch.map(({ op }: { op: string }) => op))).toEqual([
      ['PUT', 'PUT'],
      ['PATCH'],
      ['DELETE'],
    ]);
    expect(store.rows('lists')).toEqual([{ id: 'a', name: 'Shopping', owner_id: null }]);
    expect(store.rows('todos')).toEqual([]);
    expect(await queued()).toBe(0);
  });

  it('an outage that is answered 400 keeps everything', async () => {
    const { store, run, upload, queued, refused } = await started();
    await run(NEW_LIST);
    store.down = true;
    for (let tries = 0; tries < 12; tries++) await expect(upload()).rejects.toThrow('[unavailable]');
    expect([await queued(), await refused()]).toEqual([1, []]);
    store.down = false;
    await upload();
    expect([await queued(), store.rows('lists').length]).toEqual([0, 1]);
  });

  it('what a constraint refuses is written down, and what is behind it goes on', async () => {
    const { store, run, upload, queued, refused } = await started();
    await run("INSERT INTO lists (id, owner_id) VALUES ('nameless', 'u1')");
    await run(NEW_LIST);
    await upload();
    expect(await refused()).toEqual(['invalid']);
    expect(store.rows('lists')).toEqual([{ id: 'a', name: 'Groceries', owner_id: 'u1' }]);
    expect(await queued()).toBe(0);
  });

  it('a lost answer is repeated, without harm', async () => {
    const { standIn, store, run, upload, queued } = await started();
    await run(NEW_LIST);
    standIn.loseReplies(1);
    await expect(upload()).rejects.toThrow('[network]');
    expect(await queued()).toBe(1);
    await upload();
    expect(await queued()).toBe(0);
    expect(store.rows('lists')).toHaveLength(1);
  });
});

describe('django() under the real SDK', () => {
  async function started() {
    const standIn = await startDjango();
    return { standIn, store: standIn.store, ...(await app(django({ url: standIn.url }))) };
  }

  it('uploads entry by entry, in order, and empties the queue', async () => {
    const { standIn, store, run, upload, queued } = await started();
    await run(NEW_LIST);
    await run("INSERT INTO todos (id, list_id, description) VALUES ('t', 'a', 'Milk')");
    await run('UPDATE todos SET completed = 1');
    await run('DELETE FROM todos');
    await upload();
    expect(standIn.requests.map(({ method }) => method)).toEqual(['PUT', 'PUT', 'PATCH', 'DELETE']);
    expect(store.rows('lists')).toMatchObject([{ id: 'a', name: 'Groceries', owner_id: 'u1' }]);
    expect(store.rows('todos')).toEqual([]);
    expect(await queued()).toBe(0);
  });

  it('renaming a list keeps its other columns, those that are null, too', async () => {
    const { store, run, upload } = await started();
    await run(NEW_LIST);
    await upload();
    await run("UPDATE lists SET name = 'Shopping'");
    await upload();
    expect(store.rows('lists')).toEqual([{ id: 'a', name: 'Shopping', owner_id: 'u1', created_at: null }]);
  });

  it('a 500, which may be an outage, is rejected after ten tries and an hour, and not before', async () => {
    const { run, upload, queued, refused, store } = await started();
    await run(NEW_LIST);
    store.down = true;
    for (let tries = 0; tries < 12; tries++) await expect(upload()).rejects.toThrow('[unclassified]');
    await expect(upload(2_000_000)).rejects.toThrow('[unclassified]');
    expect([await queued(), await refused()]).toEqual([1, []]);
    await upload(1_600_000);
    expect([await queued(), await refused()]).toEqual([0, ['unclassified']]);
  });

  it('a lost answer is repeated, the 404 of a DELETE that was applied counts as applied', async () => {
    const { standIn, store, run, upload, queued } = await started();
    await run(NEW_LIST);
    await upload();
    await run('DELETE FROM lists');
    standIn.loseReplies(1);
    await expect(upload()).rejects.toThrow('[network]');
    expect(store.rows('lists')).toEqual([]);
    await upload();
    expect(await queued()).toBe(0);
  });
});

function railsThatKeepsIds(url: string): Preset {
  const headers = { authorization: `Basic ${btoa('admin:12345')}` };
  return rails({ url, userId: 'u1', keepsIds: true, headers });
}

const UUIDS = ['1111111a-0000-4000-8000-000000000000', '2222222a-0000-4000-8000-000000000000'] as const;

describe.each([
  {
    name: 'rails() that keeps ids',
    table: 'activities',
    bad: `INSERT INTO activities (id, title, description) VALUES ('${UUIDS[0]}', 'Run', 'refuse me')`,
    good: `INSERT INTO activities (id, title) VALUES ('${UUIDS[1]}', 'Swim')`,
    start: () => startRails({ keepsIds: true }),
    preset: railsThatKeepsIds,
  },
  {
    name: 'nestjs()',
    table: 'Product',
    bad: `INSERT INTO Product (id, name, price) VALUES ('${UUIDS[0]}', 'Soap', -1)`,
    good: `INSERT INTO Product (id, name) VALUES ('${UUIDS[1]}', 'Salt')`,
    start: startNestjs,
    preset: (url: string) => nestjs({ url, login: () => ({ email: 'a@b.example', password: 'secret' }) }),
  },
])('$name under the real SDK', ({ table, bad, good, start, preset }) => {
  async function started() {
    const standIn = await start();
    return { standIn, store: standIn.store, ...(await app(preset(standIn.url))) };
  }

  it('a row that the database fails on is rejected after ten tries and ten minutes, and holds up nothing', async () => {
    const { store, run, upload, queued, refused } = await started();
    await run(bad);
    await run(good);
    for (let tries = 0; tries < 12; tries++) await expect(upload()).rejects.toThrow('[unclassified]');
    expect([await queued(), await refused()]).toEqual([2, []]);
    await upload(600_000);
    expect([await queued(), await refused()]).toEqual([0, ['unclassified']]);
    expect(store.rows(table)).toMatchObject([{ id: UUIDS[1] }]);
  });

  it('an outage of hours records nothing and loses nothing, and doesn’t count as tries', async () => {
    const { store, run, upload, queued, refused } = await started();
    await run(good);
    store.down = true;
    for (let tries = 0; tries < 12; tries++) await expect(upload(600_000)).rejects.toThrow('[unavailable]');
    expect([await queued(), await refused()]).toEqual([1, []]);
    store.down = false;
    await upload();
    expect([await queued(), await refused(), store.rows(table).length]).toEqual([0, [], 1]);
  });
});

describe('rails({ keepsIds: true }) under the real SDK, with a server that wasn’t changed', () => {
  it('stores a new row once, records it, and keeps what is behind it', async () => {
    const standIn = await startRails();
    const { run, upload, queued, refused } = await app(railsThatKeepsIds(standIn.url));
    await run(`INSERT INTO activities (id, title) VALUES ('${UUIDS[0]}', 'Run')`);
    await run(`INSERT INTO activities (id, title) VALUES ('${UUIDS[1]}', 'Swim')`);
    for (let tries = 0; tries < 4; tries++)
      await expect(upload(600_000)).rejects.toThrow('[misconfigured] The server gave a new row');
    expect([await queued(), await refused()]).toEqual([1, ['not_found']]);
    expect(standIn.store.rows('activities')).toEqual([{ id: '17', title: 'Run' }]);
  });

  it('changes no row of others, and keeps the changes', async () => {
    const standIn = await startRails();
    const { store } = standIn;
    store.insert('activities', '1111111', { title: 'of Bob' });
    const { run, upload, queued, refused } = await app(railsThatKeepsIds(standIn.url));
    await run(`INSERT INTO activities (id, description) VALUES ('${UUIDS[0]}', '5k')`); // 422, so a PATCH would follow
    for (let tries = 0; tries < 4; tries++)
      await expect(upload(600_000)).rejects.toThrow('[misconfigured] The server reads this id');
    expect([await queued(), await refused()]).toEqual([1, []]);
    expect(store.rows('activities')).toEqual([{ id: '1111111', title: 'of Bob' }]);
  });
});
