import type { ConnectorCase } from './connector-case.ts';
import { check, createWorld, type World } from './world.ts';

type Kept = NonNullable<World['kept']>;

function withKept(name: string, run: (world: World, kept: Kept) => Promise<void>): ConnectorCase {
  return {
    name,
    needs: 'kept',
    async run(make) {
      const world = createWorld(await make());
      check(
        world.kept !== undefined,
        'this case needs "kept" in the setup: it returns the refused rows that the app has kept.',
      );
      await run(world, world.kept);
    },
  };
}

/** Cases about transactions that the backend refuses for good. */
export const refusalCases: readonly ConnectorCase[] = [
  withKept('goes on after a refused transaction, and keeps it for the user', async (world, kept) => {
    for (const row of ['a', 'bad', 'b', 'c']) await world.write(row);
    world.backend.refuse('bad');
    await world.drain(40);
    await world.expectQueued(
      'one refused transaction must not block those behind it: after they are uploaded',
    );
    check(
      (await kept()).includes('bad'),
      'the refused write is gone: keep it, so that the user can see and retry it.',
    );
  }),

  withKept('keeps a refused transaction before it leaves the queue', async (world, kept) => {
    await world.write('bad1', 'bad2');
    const [, last] = (await world.database.getCrudBatch())?.crud ?? [];
    world.backend.refuse('bad2');
    let wasKept: boolean | undefined;
    world.database.afterComplete = async (lastOpId) => {
      if (lastOpId >= (last?.clientId ?? 0)) wasKept ??= (await kept()).includes('bad1');
    };
    await world.drain(40);
    check(wasKept !== undefined, 'the refused transaction has not left the queue.');
    check(wasKept, 'it was completed before it was kept: an app that is killed in between loses it.');
  }),
];
