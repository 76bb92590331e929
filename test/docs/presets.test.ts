// Takes the recipes of the page on presets as they stand there, puts the addresses of the tests into them, and uploads.
import { generateKeyPairSync } from 'node:crypto';
import { column, Schema, Table } from '@powersync/common';
import { exportJWK, importPKCS8 } from 'jose';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { expect, it, onTestFinished } from 'vitest';
import type { BackendConnector } from '../../src/index.ts';
import { listRejected } from '../../src/rejections/index.ts';
import { startGolang } from '../support/published-backends/golang.ts';
import { startTanstackStarter } from '../support/published-backends/tanstack-starter.ts';
import { type Around, evaluate } from './evaluate.ts';
import { fences, page, section } from './pages.ts';

async function recipe(heading: string, around: Around): Promise<BackendConnector> {
  const code = fences(section(page('guide/presets.md'), heading), 'ts').at(-1) ?? '';
  const { connector } = await evaluate<{ connector: BackendConnector }>(code, around);
  onTestFinished(() => connector.close());
  return connector;
}

it('the server functions of the TanStack starter', async () => {
  const standIn = await startTanstackStarter();
  const ask = async (path: string, init?: RequestInit) => (await fetch(standIn.url + path, init)).json();
  let isDown = false;
  const connector = await recipe('tanstackStarter', {
    userId: 'demo-user',
    VITE_POWERSYNC_URL: 'http://localhost:8080',
    getPowerSyncCredentials: ({ data }: { data: { userId: string } }) =>
      ask(`/api/auth/token?user_id=${data.userId}`),
    async uploadPowerSyncData({ data }: { data: object }) {
      if (isDown) throw new Error('connect ECONNREFUSED 127.0.0.1:5432');
      return ask('/api/powersync/upload', { method: 'POST', body: JSON.stringify(data) });
    },
  });
  expect(standIn.tokens).toContain((await connector.fetchCredentials())?.token);
  const db = memoryDatabase();
  const [a, b] = ['6f0e4d0c-9d54-4f6a-8f1c-2b3d4e5f6a7b', '6f0e4d0c-9d54-4f6a-8f1c-2b3d4e5f6a7c'];
  await db.put('lists', a, { name: 'Home', owner_id: 'u' });
  await db.put('lists', b, { name: 'Work' }); // the owner may not be null
  expect(await connector.drain(db)).toMatchObject({ drained: true, applied: 1, rejected: 1 });
  expect(standIn.store.rows('lists')).toEqual([{ id: a, name: 'Home', owner_id: 'u' }]);

  isDown = true;
  await db.put('lists', b, { name: 'Work', owner_id: 'u' });
  await expect(connector.uploadData(db)).rejects.toThrow(/^\[(network|unknown)]/);
});

function goDatabase({ trackPrevious = true } = {}) {
  const { text, integer } = column;
  const todos = { description: text, completed: integer, list_id: text, created_by: text };
  const schema = new Schema({
    lists: new Table({ name: text, created_by: text }, { trackPrevious }),
    todos: new Table(todos, { trackPrevious }),
    projects: new Table({ name: text }),
  });
  return memoryDatabase({ schema });
}

it('the Go backend', async () => {
  const standIn = await startGolang();
  const connector = await recipe('Go', { replace: { 'http://localhost:8081': standIn.url } });
  expect(standIn.tokens).toContain((await connector.fetchCredentials())?.token);
  const db = goDatabase();
  await db.put('todos', 'a', { description: 'Milk', completed: 0, list_id: 'l', created_by: 'u' });
  await db.patch('todos', 'a', { completed: 1 });
  await db.put('todos', 'b', { description: 'refuse me' });
  await db.put('lists', 'l', { name: 'Home', created_by: 'u' });
  await db.remove('lists', 'l');
  expect(await connector.drain(db)).toMatchObject({ drained: true, applied: 4, rejected: 1 });
  expect(standIn.store.rows('todos')).toEqual([
    { id: 'a', description: 'Milk', completed: true, list_id: 'l', created_by: 'u' },
  ]);
  expect(standIn.store.rows('lists')).toEqual([]);
  expect((await listRejected(db)).map(({ code }) => code)).toEqual(['invalid']);

  await db.put('projects', 'p', { name: 'x' });
  await expect(connector.uploadData(db)).rejects.toThrow('[schema_mismatch]');
});

it('the Go backend empties what a PATCH does not have, so without previous values it is kept', async () => {
  const standIn = await startGolang();
  const connector = await recipe('Go', { replace: { 'http://localhost:8081': standIn.url } });
  const db = goDatabase({ trackPrevious: false });
  await db.put('todos', 'a', { description: 'Milk', completed: 0 });
  await db.patch('todos', 'a', { completed: 1 });
  await expect(connector.drain(db)).resolves.toMatchObject({ drained: false, applied: 1 });
  expect(standIn.store.rows('todos')).toMatchObject([{ description: 'Milk', completed: false }]);
  await fetch(`${standIn.url}/api/data`, {
    method: 'PATCH',
    body: JSON.stringify({ id: 'a', table: 'todos', op: 'PATCH', data: { id: 'a', completed: 1 } }),
  });
  expect(standIn.store.rows('todos')).toMatchObject([{ description: '', completed: false }]);
});

it('an outage of the Go backend keeps everything', async () => {
  const standIn = await startGolang();
  const connector = await recipe('Go', { replace: { 'http://localhost:8081': standIn.url } });
  standIn.store.down = true;
  const db = goDatabase();
  await db.put('todos', 'a', { description: 'Milk' });
  await expect(connector.uploadData(db)).rejects.toThrow('[unavailable]');
});

it('the key set of agent-skills: jose 6 exports a private key only if it was imported as extractable', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const [, words = ''] = /key set fails: \*(.+?)\*/.exec(page('guide/presets.md')) ?? [];
  await expect(exportJWK(await importPKCS8(pem, 'RS256'))).rejects.toThrow(words);
  const { kty, n, e } = await exportJWK(await importPKCS8(pem, 'RS256', { extractable: true }));
  expect({ kty, n, e }).toEqual({ kty: 'RSA', n: expect.any(String), e: 'AQAB' });
});
