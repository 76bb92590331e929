import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PowerSyncDatabase } from '@powersync/node';
import type { ConnectorDatabase } from 'powersync-backend-connector';
import { inspectQueue } from 'powersync-backend-connector/diagnostics';
import { claimQueued, discardQueued, exportQueued } from 'powersync-backend-connector/owners';
import {
  discardRejected,
  exportRejected,
  listRejected,
  notifyRejected,
  releaseHeld,
  retryRejected,
  watchRejected,
} from 'powersync-backend-connector/rejections';
import * as sdk1 from 'powersync-node-1';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { testSchema, waitFor } from '../support/client.ts';
import { testConnector } from '../support/connector.ts';

// The SDK keeps a client id that was asked for too early as a failure, for as long as the object lives.

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));
let count = 0;

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'connector-ready-'));
  folders.push(made);
  return made;
}

/** Nothing waits for it. */
function opening(dbLocation: string): PowerSyncDatabase {
  return new PowerSyncDatabase({
    schema: testSchema,
    database: {
      dbFilename: `ready-${process.pid}-${++count}.db`,
      dbLocation,
      implementation: { type: 'node:sqlite' },
      readWorkerCount: 1,
    },
    logger: { log: () => {} },
  });
}

const calls: Record<string, (db: PowerSyncDatabase) => unknown> = {
  listRejected: (db) => listRejected(db),
  exportRejected: (db) => exportRejected(db),
  notifyRejected: (db) => notifyRejected(db, () => {}),
  watchRejected: (db) =>
    new Promise((resolve) => watchRejected(db, resolve, { signal: new AbortController().signal })),
  retryRejected: (db) => expect(retryRejected(db, 'none')).rejects.toThrow('No rejected write'),
  discardRejected: (db) => discardRejected(db, []),
  releaseHeld: (db) => expect(releaseHeld(db, 'none')).rejects.toThrow('No held write'),
  exportQueued: (db) => exportQueued(db),
  claimQueued: (db) => expect(claimQueued(db, { from: null })).rejects.toThrow('nobody is signed in'),
  discardQueued: (db) => discardQueued(db, 'ada'),
  inspectQueue: (db) => inspectQueue(db),
  drain: (db) => testConnector().connector.drain(db),
  uploadData: (db) => testConnector().connector.uploadData(db),
  keepUploading: async (db) => {
    const { connector, events } = testConnector();
    const stop = new AbortController();
    connector.keepUploading(db, { signal: stop.signal });
    await waitFor(() => events.some(({ type }) => type === 'drained'));
    stop.abort();
  },
  setOwner: (db) => testConnector().connector.setOwner(db, 'ada'),
};

describe.each(Object.entries(calls))('%s() right after the database was made', (_name, call) => {
  it('waits until it is open, so that the SDK still knows the client id', async () => {
    const db = opening(await folder());
    await call(db);
    expect(await db.getClientId()).toMatch(/^[\w-]{36}$/);
    await db.close();
  });
});

describe('SDK 1.x', () => {
  it.each<[string, (db: ConnectorDatabase) => unknown]>([
    ['inspectQueue', inspectQueue],
    ['exportQueued', exportQueued],
    ['drain', (db) => testConnector().connector.drain(db)],
  ])('%s() waits until the database is open', async (_, call) => {
    const db = new sdk1.PowerSyncDatabase({
      schema: new sdk1.Schema({ lists: new sdk1.Table({ name: sdk1.column.text }) }),
      database: {
        dbFilename: `ready-${process.pid}-${++count}.db`,
        dbLocation: await folder(),
        implementation: { type: 'node:sqlite' },
        readWorkerCount: 1,
      },
    });
    await call(db);
    expect(await db.getClientId()).toMatch(/^[\w-]{36}$/);
    await db.close();
  });
});

describe('a database that cannot be opened', () => {
  it('is reported, and not queried', async () => {
    const db = opening(join(await folder(), 'missing'));
    const getClientId = vi.spyOn(db, 'getClientId');
    for (const call of [listRejected, exportQueued, inspectQueue]) {
      await expect(call(db)).rejects.toThrow('The database could not be opened');
    }
    expect(getClientId).not.toHaveBeenCalled();
  });
});
