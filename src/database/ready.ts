import { showWords } from '../error/own-error.ts';
import { UploadError } from '../error/upload-error.ts';
import type { ConnectorDatabase } from './database.ts';

const opened = new WeakSet<ConnectorDatabase>();

/**
 * Resolves once the database is open. Call it before `getClientId()`: the SDK caches a failed `getClientId()` for as
 * long as the database object lives, so one call that comes too early would make all later ones fail.
 *
 * @throws UploadError `unknown` if the database could not be opened. The next call tries again.
 */
export async function ready(database: ConnectorDatabase): Promise<void> {
  if (opened.has(database)) return;
  try {
    // Without `waitForReady()`, a harmless read opens a database that opens on first use.
    await (database.waitForReady?.() ?? database.getAll('SELECT 1'));
  } catch (cause) {
    showWords(cause);
    throw new UploadError(
      'unknown',
      'The database could not be opened (see cause). The writes stay queued.',
      {
        cause,
      },
    );
  }
  opened.add(database);
}

/** Returns the client id of the database, once the database is open. */
export async function clientIdOf(database: ConnectorDatabase): Promise<string> {
  await ready(database);
  return database.getClientId();
}
