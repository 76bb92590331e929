import type { ConnectorCase } from './connector-case.ts';
import { check, createWorld, type World } from './world.ts';

function withKeys(name: string, run: (world: World) => Promise<void>): ConnectorCase {
  return { name, needs: 'keys', run: async (make) => run(createWorld(await make())) };
}

/** Returns the keys of all transactions that arrived for this row. */
function keysOf({ backend }: World, row: string): (string | undefined)[] {
  const keys = backend.received.filter(({ rows }) => rows.includes(row)).map(({ key }) => key);
  check(keys.length > 0, `nothing arrived for row "${row}".`);
  check(!keys.includes(undefined), `row "${row}" arrived without an idempotency key.`);
  return keys;
}

/** Cases about idempotency keys. */
export const keyCases: readonly ConnectorCase[] = [
  withKeys('sends a transaction with the same key again', async (world) => {
    await world.write('a');
    world.backend.answer('reply_lost');
    await world.drain();
    await world.expectQueued('after all is uploaded');
    const keys = keysOf(world, 'a');
    check(keys.length > 1, 'it did not send the transaction without an answer again.');
    check(new Set(keys).size === 1, 'the retry has another key, so that the backend applies it twice.');
  }),

  withKeys('has another key for each transaction', async (world) => {
    for (const row of ['a', 'b']) await world.write(row);
    await world.drain();
    check(keysOf(world, 'a')[0] !== keysOf(world, 'b')[0], 'two transactions have the same key.');
  }),

  withKeys('has another key for other content with the same op ids', async (world) => {
    const backup = world.database.copy();
    await world.write('lost');
    world.backend.otherwise = 'reply_lost';
    await world.upload();
    world.backend.otherwise = 'apply';
    await world.endWaits?.();
    world.useDatabase(backup); // the device was restored from a backup, so op ids repeat
    world.forget();
    await world.write('other');
    await world.drain();
    const [lost, other] = [keysOf(world, 'lost')[0], keysOf(world, 'other')[0]];
    check(
      lost !== other,
      'the backend would take the new write for one that it has applied: include the content in the key.',
    );
  }),
];
