import { listRejected, notifyRejected, retryRejected } from 'powersync-backend-connector/rejections';
import { chapter, check, say } from './account.ts';
import { hasTodo, queuedEntries, until } from './rows.ts';
import type { World } from './world.ts';

/** A constraint of the database refuses one write: the user is notified once, edits it, and it is saved. */
export async function refusedWrite({ phone, backend }: World, refused: string): Promise<void> {
  chapter('A database constraint refuses one write');
  await notifyRejected(phone.db, ({ message }) => say(`Ada is notified, once: ${message}`));
  let toldAgain = 0;
  await notifyRejected(phone.db, () => {
    toldAgain++;
  });
  const [rejected, ...others] = await listRejected(phone.db);
  check(
    'the write is listed, with the change and what the backend said',
    rejected?.code === 'invalid' && others.length === 0 && toldAgain === 0,
    rejected,
  );
  await until(async () => !(await hasTodo(phone, refused)), 'the refused to-do to be rolled back');
  check('it is rolled back on the phone', !(await hasTodo(phone, refused)));

  await retryRejected(phone.db, rejected?.key ?? '', {
    edit: (entry) => ({ ...entry, opData: { ...entry.opData, description: 'Water the plants, briefly' } }),
  });
  await until(async () => (await queuedEntries(phone)) === 0, 'the edited to-do to be uploaded');
  const [saved] = await backend.query('SELECT description FROM todos WHERE id = $1', [refused]);
  check(
    'Ada edits it and retries it, and it is saved',
    saved?.description === 'Water the plants, briefly',
    saved,
  );
  check('nothing is listed any more', (await listRejected(phone.db)).length === 0);
}
