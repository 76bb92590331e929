// Signing in, changing users, signing out: here the app calls setOwner() and drainAndClear().

import { network } from '../network.ts';
import { connector } from './connector.ts';
import { db } from './database.ts';
import { savedUser, signedIn, USER_KEY, type User } from './users.ts';

let uploading = new AbortController();
/** Steps run one after the other. */
let turn: Promise<unknown> = Promise.resolve();

function inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
  const result = turn.then(step);
  turn = result.catch(() => {});
  return result;
}

/** The page calls this first, when it is loaded or reloaded. */
export async function resume(): Promise<void> {
  network.subscribe(() => void inTurn(followNetwork));
  // If another tab changes users, this one must not continue as the previous user.
  window.addEventListener('storage', ({ key }) => key === USER_KEY && location.reload());
  const user = savedUser();
  if (user) await signIn(user);
}

/** Also changes users. The queued writes of the previous user still belong to that user, and wait for them. */
export function signIn(user: User): Promise<void> {
  return inTurn(async () => {
    await pause();
    await connector.setOwner(db, user.id); // before anything is written, or a token is fetched, for this user
    signedIn.set(user);
    await goOn();
  });
}

/** Signs out and keeps everything on the device. */
export function signOut(): Promise<void> {
  return inTurn(async () => {
    await pause();
    await connector.setOwner(db, null);
    signedIn.set(undefined);
  });
}

/** Signs out and clears the device. If changes are left, nothing is cleared, and it returns their number. */
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
  // The SDK uploads only while its sync stream is connected. This uploads at other times too.
  connector.keepUploading(db, uploading);
  await followNetwork();
}

/** The demo's network switch doesn't reach the sync stream, which runs in a worker. */
async function followNetwork(): Promise<void> {
  if (!signedIn.get()) return;
  if (network.get() === 'offline') await db.disconnect();
  else if (!db.currentStatus.connected) void db.connect(connector); // resolves only when the service answers
}
