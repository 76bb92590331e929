import type { ConnectorDatabase } from '../database/database.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Unanswered } from '../queue/unanswered.ts';
import type { Deadline } from '../time/deadline.ts';
import type { Item } from './item.ts';
import { saysNothing } from './walk.ts';

type Send<T> = (items: readonly Item[]) => Promise<T>;

/** A request that takes longer is marked as unanswered until its answer comes: the app may be killed before. */
const SLOW_MS = 500;

/** Marks the transactions of a slow request as unanswered. They stay marked if no answer comes. */
export function marking<T>(
  unanswered: Unanswered,
  { database, deadline }: { readonly database: ConnectorDatabase; readonly deadline: Deadline },
  send: Send<T>,
): Send<T> {
  return async (sent) => {
    let mark: ReturnType<Unanswered['add']> | undefined;
    let isAnswered = true;
    const timer = setTimeout(() => {
      mark = unanswered.add(database, sent);
    }, SLOW_MS);
    try {
      return await send(sent);
    } catch (thrown) {
      isAnswered = !saysNothing(UploadError.from(thrown));
      throw thrown;
    } finally {
      clearTimeout(timer);
      if (isAnswered) await deadline.race(mark?.undo()).catch(() => {});
    }
  };
}
