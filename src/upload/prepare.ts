import type { ConnectorDatabase, CrudEntryLike } from '../database/database.ts';
import { toTransaction } from '../queue/transaction.ts';
import type { Deadline } from '../time/deadline.ts';
import type { Transform } from '../transport/transform.ts';
import { applyTransforms } from './apply-transforms.ts';
import type { Failed, Item } from './item.ts';
import { type Judge, judgeThrown } from './judge.ts';

export interface PrepareOptions {
  readonly database: ConnectorDatabase;
  readonly clientId: string;
  readonly transforms: readonly Transform[];
  readonly judge: Judge;
  readonly deadline: Deadline;
  /** Returns the states of these transactions that are recorded as rejected writes, by key. */
  readonly recorded: (keys: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  /** Returns the failure of a transaction about which the rejection policy hasn't answered yet. */
  readonly asked: (key: string) => Failed | undefined;
}

/**
 * Gives each transaction its key and transforms its entries, up to the first transaction whose transform fails. A
 * transaction isn't sent if no entry is left of it, or if its rejection is already recorded.
 */
export async function prepare(
  chosen: readonly (readonly CrudEntryLike[])[],
  { database, clientId, transforms, judge, deadline, recorded, asked }: PrepareOptions,
): Promise<Item[]> {
  const raws = chosen.map((raw): Item => ({ raw, transaction: toTransaction(clientId, raw) }));
  const states = await deadline.race(recorded(raws.map(({ transaction }) => transaction.key)));
  const items: Item[] = [];
  for (const item of raws) {
    const { raw, transaction } = item;
    const state = states.get(transaction.key);
    const failed = asked(transaction.key);
    if (state === 'rejected') items.push({ ...item, known: { status: 'recorded' } });
    else if (failed) items.push({ ...item, known: failed });
    else if (transforms.length === 0) items.push(state ? { ...item, isListed: true } : item);
    else {
      try {
        const entries = await deadline.race(applyTransforms(raw, transforms, { database }));
        if (entries.length)
          items.push({ raw, transaction: { ...transaction, entries }, isListed: state !== undefined });
        else items.push({ raw, transaction, known: { status: 'skipped' } });
      } catch (thrown) {
        deadline.check();
        // Judged like the refusal of a whole request: a bug in a transform must not empty the queue.
        return [...items, { raw, transaction, known: judgeThrown(thrown, judge) }];
      }
    }
  }
  return items;
}
