// The main job of the package, on embedded parts: real SDK clients on SQLite, a real HTTP backend on Postgres (PGlite),
// a stand-in of the PowerSync Service, and a network with faults between. Exits with 0 only if what it claims is true.
//
//   npm run demo               the story
//   npm run demo -- --verbose  with every request
import { isDeepStrictEqual } from 'node:util';
import { startFaultyProxy } from '../../test/support/faulty-proxy.ts';
import { startServiceStandIn } from '../../test/support/service-stand-in.ts';
import { startBackend } from '../backend/server.ts';
import { chapter, check, failures, progressBar, say, table } from './account.ts';
import { type Device, openDevice } from './device.ts';

const USER = 'ada';
const verbose = process.argv.includes('--verbose');
const startedAt = performance.now();

const backend = await startBackend();
const service = await startServiceStandIn({ source: backend });
const network = await startFaultyProxy(backend.url);

let tokenLifetime = 300;
const phone = await openDevice({
  name: 'phone',
  serviceUrl: service.url,
  writeUrl: `${network.url}/api/data`,
  getToken: () => backend.issueToken(USER, { expiresInSeconds: tokenLifetime }),
});
const laptop = await openDevice({
  name: 'laptop',
  serviceUrl: service.url,
  writeUrl: `${backend.url}/api/data`,
  getToken: () => backend.issueToken(USER),
});

try {
  await story();
} finally {
  for (const part of [phone, laptop, network, service, backend]) await part.close();
}
say(`${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
process.exitCode = failures() === 0 ? 0 : 1;

async function story(): Promise<void> {
  chapter('Offline: Ada writes on two devices');
  const refused = await writeOffline(phone, 400);
  await writeOffline(laptop, 60);
  say('phone:  400 transactions and a to-do of 200 characters, where the backend allows 140');
  say('laptop: 60 transactions');

  chapter('The phone comes online; the network is bad');
  network.failNext(503, { headers: { 'retry-after': '1' } });
  const total = await queueLength(phone);
  const bar = progressBar('phone', total);
  const stop = phone.connector.subscribe(() => bar(total - (phone.connector.status.queueLength ?? total)));
  const told: string[] = [];
  phone.connector.subscribe((event) => {
    if (event.type === 'answer' && event.code) {
      told.push(event.code);
      if (event.code === 'unauthenticated') {
        tokenLifetime = 300;
        network.delay(0);
      }
    }
    // The other faults wait for their turn: so many batches go through before.
    if (event.type !== 'completed') return;
    const batches = phone.events.filter(({ type }) => type === 'completed').length;
    if (batches === 2) {
      tokenLifetime = 2;
      phone.connector.invalidateCredentials();
      network.delay(2_500); // longer than the token lives
    }
    if (batches === 4) network.dropNextReply();
  });
  await phone.connect();
  await until(async () => (await queueLength(phone)) === 0, 'the phone to upload everything');
  stop();
  say(`503 with "Retry-After: 1"            the connector waited and tried again`);
  say(`the token expired on its way         refused with 401, refreshed once, sent once more`);
  say(`an answer lost after the commit      sent again; the backend knew the keys`);
  check(
    'the phone met all three faults',
    ['unavailable', 'unauthenticated', 'network'].every((code) => told.includes(code)),
    told,
  );

  chapter('One write is refused by a constraint of the database');
  const [rejected] = await phone.db.getAll<{ code: string; message: string; details: string }>(
    'SELECT code, message, details FROM connector_rejected_writes',
  );
  say(`the app is told: ${rejected?.message}`);
  check(
    'the app can read what was refused and why',
    rejected?.code === 'invalid' && rejected.details.includes('CHECK_VIOLATION'),
    rejected,
  );
  const gone = async () => !(await phone.db.getOptional('SELECT id FROM todos WHERE id = ?', [refused]));
  await until(gone, 'the refused to-do to be rolled back');
  check('the refused to-do is rolled back on the phone', await gone());

  chapter('The laptop comes online');
  await laptop.connect();
  await until(async () => (await queueLength(laptop)) === 0, 'the laptop to upload everything');
  const server = await serverRows();
  await until(async () => isDeepStrictEqual(await rowsOf(phone), server), 'the phone to get all rows');
  await until(async () => isDeepStrictEqual(await rowsOf(laptop), server), 'the laptop to get all rows');
  check(`phone, laptop and Postgres hold the same ${server.length} rows`, true);

  const requests = network.requests.filter(({ method }) => method === 'POST');
  const lost = requests.filter(({ status }) => status === 'dropped');
  const sentTwice = lost.reduce((sum, { body }) => sum + transactionsIn(body), 0);
  const applied = await backend.appliedTransactions();
  check(
    `all ${applied.length} good transactions were applied exactly once, though ${sentTwice} of them were sent twice`,
    applied.length === 460 && backend.executions() === 460 && sentTwice > 0,
    { applied: applied.length, executions: backend.executions(), sentTwice },
  );

  chapter('What it took');
  table([phone, laptop].map(figures));
  if (verbose) {
    chapter('Requests of the phone');
    for (const { status, targetStatus, bytes, body } of requests) {
      const backendSaid = targetStatus === status ? '' : ` (backend: ${targetStatus ?? 'never reached'})`;
      say(
        `POST ${String(transactionsIn(body)).padStart(3)} transactions ${String(bytes).padStart(7)} bytes   ${status}${backendSaid}`,
      );
    }
  }
  console.log();
}

/**
 * Writes lists with four to-dos, each list one transaction of five entries, and ticks three to-dos of each. The phone
 * also writes one to-do that the backend will refuse; returns its id.
 */
async function writeOffline({ db, name }: Device, transactions: number): Promise<string> {
  const refused = crypto.randomUUID();
  const insertTodo =
    'INSERT INTO todos (id, list_id, description, completed, owner_id) VALUES (?, ?, ?, 0, ?)';
  for (let i = 0; i < transactions / 4; i++) {
    const list = crypto.randomUUID();
    const todos = Array.from({ length: 4 }, () => crypto.randomUUID());
    await db.writeTransaction(async (tx) => {
      await tx.execute('INSERT INTO lists (id, name, owner_id) VALUES (?, ?, ?)', [
        list,
        `${name} ${i}`,
        USER,
      ]);
      for (const id of todos) await tx.execute(insertTodo, [id, list, 'Water the plants 🌱', USER]);
    });
    for (const id of todos.slice(1)) await db.execute('UPDATE todos SET completed = 1 WHERE id = ?', [id]);
    if (name === 'phone' && i === 40) await db.execute(insertTodo, [refused, list, 'x'.repeat(200), USER]);
  }
  return refused;
}

function transactionsIn(body: string): number {
  return JSON.parse(body).transactions.length;
}

/** All rows of a device, as text in a fixed order. */
async function rowsOf({ db }: Device): Promise<string[]> {
  return describeRows(await db.getAll('SELECT * FROM lists'), await db.getAll('SELECT * FROM todos'));
}

async function serverRows(): Promise<string[]> {
  const { lists = [], todos = [] } = await backend.snapshot(USER);
  return describeRows(lists, todos);
}

function describeRows(...tables: readonly (readonly Record<string, unknown>[])[]): string[] {
  return tables
    .flat()
    .map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => a.localeCompare(b))))
    .sort();
}

async function queueLength({ db }: Device): Promise<number> {
  return (await db.getUploadQueueStats()).count;
}

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Waited 30 s for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function figures({ name, connector, events }: Device): Record<string, string | number> {
  const { attempts, applied, rejected, failures: retries, tokenRefreshes } = connector.status.counters;
  return {
    device: name,
    transactions: applied + rejected,
    requests: attempts,
    'per request': Math.round((applied + rejected) / attempts),
    refused: events.filter((event) => event.type === 'answer' && event.code).length,
    retries,
    'token refreshes': tokenRefreshes,
    applied,
    rejected,
  };
}
