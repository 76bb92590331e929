// Signing in, changing places, leaving: where an app calls setOwner() and drainAndClear().

import { network } from '../network.ts';
import { connector } from './connector.ts';
import { db } from './database.ts';
import { savedUser, signedIn, USER_KEY, type User } from './users.ts';

let uploading = new AbortController();
/** One step after another. */
let turn: Promise<unknown> = Promise.resolve();

function inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
  const result = turn.then(step);
  turn = result.catch(() => {});
  return result;
}

/** What the page does first, when it is loaded or reloaded. */
export async function resume(): Promise<void> {
  network.subscribe(() => void inTurn(followNetwork));
  // Another tab has changed users: this one must not go on in the name of the one before.
  window.addEventListener('storage', ({ key }) => key === USER_KEY && location.reload());
  const user = savedUser();
  if (user) await signIn(user);
}

/** Also for changing users: what the one before has queued stays theirs, and waits for them. */
export function signIn(user: User): Promise<void> {
  return inTurn(async () => {
    await pause();
    await connector.setOwner(db, user.id); // before anything is written, or a token fetched, for them
    signedIn.set(user);
    await goOn();
  });
}

/** Signs out, and keeps everything on the device. */
export function signOut(): Promise<void> {
  return inTurn(async () => {
    await pause();
    await connector.setOwner(db, null);
    signedIn.set(undefined);
  });
}

/** Signs out and clears the device. Returns how many changes are in the way; then nothing has been cleared. */
export function signOutAndClear(unsent: 'keep' | 'discard'): Promise<number> {
  return inTurn(async () => {
    uploading.abort();
    const timeoutMs = unsent === 'keep' ? 5_000 : 0;
    const { cleared, leftEntries } = await connector.drainAndClear(db, { unsent, timeoutMs });
    if (!cleared) {
      await goOn();
      return leftEntries;
    }
    await connector.setOwner(db, null);
    signedIn.set(undefined);
    return 0;
  });
}

async function pause(): Promise<void> {
  uploading.abort();
  await connector.disconnect(db);
}

async function goOn(): Promise<void> {
  uploading = new AbortController();
  // The SDK uploads while its sync stream is up; this, also while it is down.
  connector.keepUploading(db, uploading);
  await followNetwork();
}

/** The sync stream runs in a worker, out of reach of the demo's network switch. */
async function followNetwork(): Promise<void> {
  if (!signedIn.get()) return;
  if (network.get() === 'offline') await db.disconnect();
  else if (!db.currentStatus.connected) void db.connect(connector); // which waits for the service to answer
}
