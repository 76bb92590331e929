// The ways to drain an upload queue that are compared. Other connectors are reimplemented here by their behaviour.
import type { CommonPowerSyncDatabase } from '@powersync/common';
import { PostgrestClient } from '@supabase/postgrest-js';
import { BackendConnector, type CrudEntryLike } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import type { Load } from './queue-content.ts';

/** Uploads the queue of a database to the backend at `url`, until it is empty. */
export type Drain = (db: CommonPowerSyncDatabase, url: string) => Promise<void>;

export interface Candidate {
  readonly name: string;
  /** This connector, the behaviour of another connector, or the floor, which no connector can beat. */
  readonly kind: 'ours' | 'usual' | 'floor';
  readonly drain: (load: Load) => Drain;
  /** Returns the number of requests, to estimate the time. */
  readonly requests: (load: Load) => number;
}

const CAP = 50;
/** Number of transactions per request for a backend that accepts any number. */
const UNCAPPED = 10_000;
const MAX_BODY_BYTES = 100_000_000;
const HEADERS = { authorization: 'Bearer header.e30.signature', 'content-type': 'application/json' };
/** As long as the connector's keys, so that bodies have the same size. */
const KEY = '8f14e45f-ceea-467f-a830-000000000000:1000000-1000000:0123456789abcdef';

const inBatchesOf = (most: number) => (load: Load) => Math.ceil(load.transactions / most);
const uncappedRequests = ({ transactions, entriesEach }: Load): number =>
  Math.min(transactions, Math.ceil((transactions * entriesEach) / UNCAPPED));

/** Every candidate, by a short name for `--candidate`. */
export const CANDIDATES: Readonly<Record<string, Candidate>> = {
  floor: {
    name: 'floor, 50 transactions per request',
    kind: 'floor',
    drain: (load) => floor(load, CAP),
    requests: inBatchesOf(CAP),
  },
  connector: {
    name: 'this connector, 50 transactions per request',
    kind: 'ours',
    drain: (load) => connector(load, CAP),
    requests: inBatchesOf(CAP),
  },
  'floor-uncapped': {
    name: 'floor, no cap',
    kind: 'floor',
    drain: (load) => floor(load, UNCAPPED),
    requests: uncappedRequests,
  },
  'connector-uncapped': {
    name: 'this connector, no cap',
    kind: 'ours',
    drain: (load) => connector(load, UNCAPPED),
    requests: uncappedRequests,
  },
  'reference-50': {
    name: 'official reference connector, set to 50 transactions per request',
    kind: 'usual',
    drain: () => reference(CAP),
    requests: inBatchesOf(CAP),
  },
  reference: {
    name: 'official reference connector (one transaction per request)',
    kind: 'usual',
    drain: () => reference(1),
    requests: ({ transactions }) => transactions,
  },
  'batch-100': {
    name: 'usual self-host connector: getCrudBatch(100) in one POST',
    kind: 'usual',
    drain: () => crudBatches,
    requests: ({ transactions, entriesEach }) => Math.ceil((transactions * entriesEach) / 100),
  },
  rows: {
    name: 'usual Supabase connector: one request per row',
    kind: 'usual',
    drain: () => rowByRow,
    requests: ({ transactions, entriesEach }) => transactions * entriesEach,
  },
};

/** This connector, through `drain()`. */
function connector({ entriesEach }: Load, maxTransactions: number): Drain {
  const maxEntries = Math.max(maxTransactions * entriesEach, UNCAPPED);
  return async (db, url) => {
    const made = new BackendConnector({
      endpoint: 'https://service.invalid',
      credentials: async () => ({ token: 'header.e30.signature' }),
      transport: writeApi({ url: `${url}/api/data`, maxTransactions, maxBodyBytes: MAX_BODY_BYTES }),
      batching: { maxTransactions, maxEntries },
    });
    const report = await made.drain(db);
    if (!report.drained) throw report.error;
  };
}

/**
 * Reads just enough for a request, encodes the same bodies, sends them with raw fetch, completes them, and checks
 * nothing.
 */
function floor({ entriesEach, transactions }: Load, maxTransactions: number): Drain {
  const limit =
    entriesEach * Math.min(maxTransactions, transactions, Math.max(1, Math.floor(UNCAPPED / entriesEach)));
  return async (db, url) => {
    for (;;) {
      const batch = await db.getCrudBatch(limit);
      if (!batch) return;
      const groups: CrudEntryLike[][] = [];
      for (let i = 0; i < batch.crud.length; i += entriesEach)
        groups.push(batch.crud.slice(i, i + entriesEach));
      const body = encodeReference(groups);
      const response = await fetch(`${url}/api/data`, { method: 'POST', headers: HEADERS, body });
      await response.json();
      await batch.complete();
    }
  };
}

/**
 * Behaves like the official reference connector. It reads `getCrudTransactions()` up to this number of transactions or
 * 1000 entries, sends one POST with a time-out, and completes the prefix that was accepted.
 */
function reference(maxTransactions: number): Drain {
  return async (db, url) => {
    for (;;) {
      const batch = [];
      let entries = 0;
      for await (const transaction of db.getCrudTransactions()) {
        batch.push(transaction);
        entries += transaction.crud.length;
        if (batch.length >= maxTransactions || entries >= 1000) break;
      }
      if (batch.length === 0) return;
      const body = JSON.stringify({
        transactions: batch.map(({ crud, transactionId }) => ({
          crud: crud.map((entry) => referenceEntry(entry)),
          transaction_id: transactionId,
        })),
      });
      const signal = AbortSignal.timeout(30_000);
      const response = await fetch(`${url}/api/data`, { method: 'POST', headers: HEADERS, body, signal });
      if (!response.ok) throw new Error(`${response.status}`);
      const { results } = (await response.json()) as { results: { status: string }[] };
      const accepted = results.findLastIndex(({ status }) => status === 'success');
      await batch[accepted]?.complete();
    }
  };
}

/** Behaves like the connectors of the self-host demo: its batches ignore the ends of transactions. */
const crudBatches: Drain = async (db, url) => {
  for (;;) {
    const batch = await db.getCrudBatch(100);
    if (!batch) return;
    const body = JSON.stringify({
      batch: batch.crud.map(({ op, table, id, opData }) => ({ op, table, id, data: opData })),
    });
    const response = await fetch(`${url}/api/batch`, { method: 'POST', headers: HEADERS, body });
    if (!response.ok) throw new Error(`${response.status}`);
    await response.json();
    await batch.complete();
  }
};

/** Behaves like the connectors of Supabase apps: sends each entry of a transaction in its own request. */
const rowByRow: Drain = async (db, url) => {
  const client = new PostgrestClient(`${url}/rest/v1`, { headers: { authorization: HEADERS.authorization } });
  for (;;) {
    const transaction = await db.getNextCrudTransaction();
    if (!transaction) return;
    for (const { table, id, opData } of transaction.crud) {
      const { error } = await client.from(table).upsert({ ...opData, id });
      if (error) throw error;
    }
    await transaction.complete();
  }
};

function referenceEntry({ id, op, table, transactionId, opData }: CrudEntryLike): object {
  return { id, op, table, transaction_id: transactionId, op_data: opData };
}

function encodeReference(groups: readonly (readonly CrudEntryLike[])[]): string {
  return JSON.stringify({
    transactions: groups.map((entries) => ({
      transaction_id: entries[0]?.transactionId,
      idempotency_key: KEY,
      crud: entries.map(referenceEntry),
    })),
  });
}
