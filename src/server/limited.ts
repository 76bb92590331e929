import type { Store } from './database/database.ts';
import { WaitedTooLong } from './database/within.ts';

/**
 * Runs the work of a transaction for a limited time: a rule that asks another service may never answer. The work can't
 * be stopped, but its statements fail from then on, so that it does nothing with a connection that others use.
 */
export async function limited<Result>(
  store: Store,
  milliseconds: number,
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  let isOver = false;
  const guarded = new Proxy(store, {
    get(target, name, receiver) {
      if (isOver) throw new Error('The transaction is over');
      return Reflect.get(target, name, receiver);
    },
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new WaitedTooLong('The transaction', milliseconds)),
      Math.max(0, milliseconds),
    );
  });
  const working = work(guarded);
  working.catch(() => {}); // After the limit, nobody waits for it.
  try {
    return await Promise.race([working, limit]);
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}
