import type { PowerSyncDatabase } from '@powersync/node';
import { BackendConnector, type Transport, type UploadEntry } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';

/** One way to drain a queue into a backend; resolves when the queue is empty, with the requests it made. */
export type Uploader = (db: PowerSyncDatabase, url: string) => Promise<number>;

/** This connector, through `drain()`. */
export function connector(
  maxTransactions = 50,
  transport?: (url: string) => Transport,
  entriesEach = 1,
): Uploader {
  return async (db, url) => {
    const made = new BackendConnector({
      endpoint: 'https://service.invalid',
      credentials: async () => ({ token: 'header.e30.signature' }),
      transport: transport?.(url) ?? writeApi({ url, maxBodyBytes: 100_000_000 }),
      batching: { maxTransactions, maxEntries: maxTransactions * entriesEach },
    });
    const report = await made.drain(db);
    if (!report.drained) throw report.error;
    return made.status.counters.attempts;
  };
}

/** Takes any number of transactions in a request, unlike the reference contract. */
export function uncapped(url: string): Transport {
  return async ({ transactions }, { signal, token }) => {
    const response = await fetch(url, {
      method: 'POST',
      signal,
      headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
      body: encode(transactions.map(({ entries }) => entries)),
    });
    const { results } = (await response.json()) as { results: unknown[] };
    if (results.length !== transactions.length) throw new Error('wrong count');
    return transactions.map(() => ({ status: 'applied' }));
  };
}

/** The floor: reads just what a request takes, encodes the same members, raw fetch, completes; checks nothing. */
export function floor(maxTransactions: number, entriesEach = 1): Uploader {
  return async (db, url) => {
    let requests = 0;
    const limit = maxTransactions * entriesEach;
    for (;;) {
      const batch = await db.getCrudBatch(limit);
      if (!batch) return requests;
      const transactions: UploadEntry[][] = [];
      for (let i = 0; i < batch.crud.length; i += entriesEach)
        transactions.push(batch.crud.slice(i, i + entriesEach));
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization: 'Bearer header.e30.signature', 'content-type': 'application/json' },
        body: encode(transactions),
      });
      await response.json();
      await batch.complete();
      requests++;
    }
  };
}

/** The usual hand-written connector: one transaction per request. */
export const onePerRequest: Uploader = async (db, url) => {
  for (let requests = 0; ; requests++) {
    const transaction = await db.getNextCrudTransaction();
    if (!transaction) return requests;
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: 'Bearer header.e30.signature', 'content-type': 'application/json' },
      body: encode([transaction.crud]),
    });
    await response.json();
    await transaction.complete();
  }
};

// As long as the key that the connector sends, so that bodies are of equal size.
const KEY = '8f14e45f-ceea-467f-a830-000000000000:1000-1000:0123456789abcdef';

function encode(transactions: readonly (readonly UploadEntry[])[]): string {
  return JSON.stringify({
    transactions: transactions.map((entries) => ({
      transaction_id: entries[0]?.transactionId,
      idempotency_key: KEY,
      crud: entries.map(({ id, op, table, transactionId, opData }) => ({
        id,
        op,
        table,
        transaction_id: transactionId,
        op_data: opData,
      })),
    })),
  });
}
