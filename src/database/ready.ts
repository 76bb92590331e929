import { showWords } from '../error/own-error.ts';
import { UploadError } from '../error/upload-error.ts';
import type { ConnectorDatabase } from './database.ts';

const opened = new WeakSet<ConnectorDatabase>();

/**
 * Ends once the database is open. Before that nothing may ask for its client id: the SDK keeps the failure of a question
 * that came too early for as long as the object lives, so that nobody ever gets an answer.
 *
 * @throws UploadError `unknown` if it could not be opened. It is asked again next time.
 */
export async function ready(database: ConnectorDatabase): Promise<void> {
  if (opened.has(database)) return;
  try {
    // A harmless read, where there is nothing to wait for: what opens when it is needed does so now.
    await (database.waitForReady?.() ?? database.getAll('SELECT 1'));
  } catch (cause) {
    showWords(cause);
    throw new UploadError('unknown', 'The database could not be opened (see cause). What is in it stays.', {
      cause,
    });
  }
  opened.add(database);
}

/** The client id of the database, asked for only once it is open. */
export async function clientIdOf(database: ConnectorDatabase): Promise<string> {
  await ready(database);
  return database.getClientId();
}
