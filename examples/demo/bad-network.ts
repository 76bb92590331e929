import { chapter, check, progressBar, say, table } from './account.ts';
import type { Device } from './device.ts';
import { countRows, isInSync, queuedEntries, until, writeList, writeTodo } from './rows.ts';
import { ADA, type World } from './world.ts';

/**
 * Writes hundreds of rows offline on two devices, and uploads the phone's through a bad network. Returns the id of the
 * to-do that will be refused.
 */
export async function badNetwork({ phone, laptop, network, phoneTokens }: World): Promise<string> {
  chapter('Ada writes on two devices, both offline');
  let refused = '';
  for (let i = 0; i < 100; i++) {
    const list = await writeList(phone, `phone ${i}`, ADA);
    if (i === 40) refused = await writeTodo(phone, list, 'x'.repeat(200), ADA);
  }
  for (let i = 0; i < 15; i++) await writeList(laptop, `laptop ${i}`, ADA);
  say('phone:  400 transactions, and a to-do of 200 characters; the backend allows 140');
  say('laptop: 60 transactions');

  chapter('The phone comes online; the network is bad');
  const total = await queuedEntries(phone);
  const bar = progressBar('phone', total);
  const met: string[] = [];
  network.failNext(503, { headers: { 'retry-after': '1' } });
  const stop = phone.connector.subscribe((event) => {
    bar(total - (phone.connector.status.queuedEntries ?? total));
    if ((event.type === 'answer' || event.type === 'failed') && event.code) met.push(event.code);
    if (event.type === 'answer' && event.code === 'unauthenticated') {
      phoneTokens.lifetime = 300;
      network.delay(0);
    }
    // Each of the other faults begins after a number of batches.
    if (event.type !== 'completed') return;
    const batches = phone.events.filter(({ type }) => type === 'completed').length;
    if (batches === 2) {
      phoneTokens.lifetime = 2;
      phone.connector.invalidateCredentials();
      network.delay(2_500); // longer than the token lives
    }
    if (batches === 4) network.dropNextReply();
  });
  await phone.connect();
  await until(async () => (await queuedEntries(phone)) === 0, 'the phone to upload everything');
  stop();
  say('503 with "Retry-After: 1"            the connector waited, then tried again');
  say('the token expired on the way         401: the token was refreshed, the request sent again');
  say('an answer was lost after the commit  the request was sent again; the backend knew its keys');
  const faults = ['unavailable', 'unauthenticated', 'network'];
  check(
    'the phone saw all three failures',
    faults.every((code) => met.includes(code)),
    met,
  );
  return refused;
}

/** The laptop uploads too. In the end all three places have the same rows, and nothing was applied twice. */
export async function allTheSame({ by, phone, laptop, network, backend, target }: World): Promise<void> {
  chapter('The laptop comes online');
  await laptop.connect();
  await until(async () => (await queuedEntries(laptop)) === 0, 'the laptop to upload everything');
  await until(() => isInSync(phone, backend), 'the phone to download all rows');
  await until(() => isInSync(laptop, backend), 'the laptop to download all rows');
  const same = (await isInSync(phone, backend)) && (await isInSync(laptop, backend));
  check(`phone, laptop and Postgres have the same ${await countRows(backend, ADA)} rows`, same);

  const sentTwice = network.requests
    .filter(({ status }) => status === 'dropped')
    .reduce((sum, request) => sum + (by.unitsIn(request) ?? 0), 0);
  const applied = (await target.applied?.()) ?? (await backend.appliedTransactions()).length;
  const executions = (await target.executions?.()) ?? backend.executions();
  const good = GOOD[by.unit];
  check(
    `all ${applied} good ${PLURAL[by.unit]} were applied exactly once, although ${sentTwice} of them ${sentTwice === 1 ? 'was' : 'were'} sent twice`,
    applied === good && executions === good && sentTwice > 0,
    { applied, good, executions, sentTwice },
  );
  table([phone, laptop].map(figures));
}

export function printRequests({ by, network }: World): void {
  chapter('Requests through the bad network');
  for (const request of network.requests) {
    const { method, status, targetStatus, bytes } = request;
    const units = by.unitsIn(request);
    if (units === undefined) continue;
    const backendSaid = targetStatus === status ? '' : ` (backend: ${targetStatus ?? 'not reached'})`;
    const what = `${String(units).padStart(3)} ${units === 1 ? by.unit : PLURAL[by.unit]}`;
    say(
      `${method.padEnd(6)} ${what.padEnd(16)} ${String(bytes).padStart(7)} bytes   ${status}${backendSaid}`,
    );
  }
}

const PLURAL = { transaction: 'transactions', entry: 'entries' };

/**
 * The writes of both devices, and the one that was corrected: 115 lists of four transactions and eight entries each.
 */
const GOOD = { transaction: 115 * 4 + 1, entry: 115 * 8 + 1 };

function figures({ name, connector, events }: Device): Record<string, string | number> {
  const { attempts, applied, rejected, failures: retries, tokenRefreshes } = connector.status.counters;
  return {
    device: name,
    transactions: applied + rejected,
    batches: attempts,
    'per batch': Math.round((applied + rejected) / attempts),
    refused: events.filter((event) => event.type === 'answer' && event.code).length,
    retries,
    'token refreshes': tokenRefreshes,
    applied,
    rejected,
  };
}
