import type { Leftover } from 'powersync-backend-connector';
import { chapter, check, say } from './account.ts';
import { countRows, queuedEntries, writeList } from './rows.ts';
import { ADA, BOB, type World } from './world.ts';

/** Two users on one device: no write is sent with the other user's token. */
export async function twoUsers({ tablet, session, backend }: World): Promise<void> {
  chapter('Two users on one tablet');
  const signIn = async (user: string): Promise<void> => {
    session.user = user;
    await tablet.connector.setOwner(tablet.db, user);
  };
  const before = await countRows(backend, ADA);
  await signIn(ADA);
  await writeList(tablet, 'written by Ada', ADA);
  await signIn(BOB);
  await writeList(tablet, 'written by Bob', BOB);
  const asBob = await tablet.connector.drain(tablet.db);
  say(`Bob is signed in, and Ada's writes are first in the queue: ${tablet.connector.status.phase}`);
  check(
    "none of Ada's writes was sent with Bob's token",
    asBob.error?.code === 'owner_mismatch' && (await countRows(backend, ADA)) === before,
    asBob,
  );
  await signIn(ADA);
  await tablet.connector.drain(tablet.db);
  await signIn(BOB);
  const done = await tablet.connector.drain(tablet.db);
  check(
    "each user's writes were uploaded while that user was signed in",
    done.drained && (await countRows(backend, ADA)) === before + 5 && (await countRows(backend, BOB)) === 5,
    done,
  );
}

/** Signing out with writes that can't be uploaded. */
export async function leaving({ tablet, network }: World): Promise<void> {
  chapter('Bob signs out, offline, with writes that are not saved');
  network.offline(true);
  await writeList(tablet, 'not saved yet', BOB);
  const kept = await tablet.connector.drainAndClear(tablet.db, { unsent: 'keep', timeoutMs: 500 });
  check(
    `"keep": nothing is cleared, and ${kept.leftEntries} changes are still queued`,
    !kept.cleared && kept.leftEntries === 8 && (await queuedEntries(tablet)) === 8,
    kept,
  );
  let left: Leftover | undefined;
  const cleared = await tablet.connector.drainAndClear(tablet.db, {
    unsent: 'export',
    timeoutMs: 500,
    export: (leftover) => {
      left = leftover;
    },
  });
  const rows = await tablet.db.getAll('SELECT id FROM lists');
  check(
    `"export": ${left?.queued.length} transactions are exported, then the tablet is cleared`,
    cleared.cleared && left?.queued.length === 4 && rows.length === 0,
    cleared,
  );
  network.offline(false);
}
