import type { ConnectorCase } from './connector-case.ts';
import { check, createWorld, FAILURES, type World } from './world.ts';

/** Makes a case with its own world. */
function inWorld(name: string, run: (world: World) => Promise<void>): ConnectorCase {
  return { name, run: async (setup) => run(createWorld(await setup())) };
}

/** Cases about what is uploaded, in which order, and what leaves the queue. */
export const uploadCases: readonly ConnectorCase[] = [
  inWorld('uploads the queue in order, and completes it', async (world) => {
    const rows = ['a1', 'a2', 'b', 'c1', 'c2', 'c3'];
    await world.write('a1', 'a2');
    await world.write('b');
    await world.write('c1', 'c2', 'c3');
    await world.drain();
    await world.expectQueued('when all is applied');
    check(
      world.backend.applied.join() === rows.join(),
      `the applied rows were ${world.backend.applied.join()}.`,
    );
  }),

  inWorld('leaves an empty queue alone', async (world) => {
    const thrown = await world.upload();
    check(thrown === undefined, 'uploadData() must not throw when nothing is queued.');
    check(world.backend.received.length === 0, 'it sent a request although nothing is queued.');
  }),

  ...Object.entries(FAILURES).map(([answer, what]) =>
    inWorld(`keeps everything when the backend ${what}`, async (world) => {
      await world.write('a');
      await world.write('b1', 'b2');
      world.backend.otherwise = answer as keyof typeof FAILURES;
      const thrown = await world.upload();
      check(thrown !== undefined, `uploadData() must throw when the backend ${what}.`);
      await world.expectQueued(`when the backend ${what}`, 'a', 'b1', 'b2');
      world.backend.otherwise = 'apply';
      await world.endWaits?.();
      await world.drain();
      await world.expectQueued('once the backend works again');
    }),
  ),

  inWorld('stops at a failure, and sends nothing after it', async (world) => {
    for (const row of ['a', 'b', 'c', 'd']) await world.write(row);
    world.backend.answer('apply', 'unavailable', 'apply', 'html', 'apply', 'offline');
    await world.drain();
    await world.expectQueued('after all is uploaded');
  }),

  inWorld('keeps a long transaction whole', async (world) => {
    const rows = Array.from({ length: 250 }, (_, index) => `long-${index}`);
    await world.write(...rows);
    await world.write('next');
    world.backend.answer('apply', 'unavailable');
    await world.upload();
    await world.endWaits?.();
    await world.drain(600);
    await world.expectQueued('after all is uploaded');
  }),

  inWorld('keeps writes made during an upload', async (world) => {
    await world.write('a');
    await world.write('b');
    const later = ['c', 'd'];
    world.backend.onRequest = async () => {
      const row = later.shift();
      if (row) await world.write(row);
    };
    await world.drain();
    await world.expectQueued('after all is uploaded');
    check(new Set(world.backend.applied).size === 4, 'not all writes made meanwhile were applied.');
  }),

  inWorld('completes nothing when the queue was cleared during the upload', async (world) => {
    await world.write('a');
    await world.write('b');
    world.backend.onRequest = async () => {
      world.backend.onRequest = undefined;
      await world.database.disconnectAndClear();
      world.forget();
      for (const row of ['x', 'y', 'z']) await world.write(row);
    };
    await world.upload();
    await world.endWaits?.();
    await world.drain();
    await world.expectQueued('after all is uploaded');
  }),

  inWorld('does not send the same rows twice at once', async (world) => {
    for (const row of ['a', 'b', 'c']) await world.write(row);
    const underWay = new Set<string>();
    let twice: string | undefined;
    world.backend.onRequest = async (transactions) => {
      const rows = transactions.flatMap((transaction) => transaction.rows);
      twice ??= rows.find((row) => underWay.has(row));
      for (const row of rows) underWay.add(row);
      await new Promise((resolve) => setTimeout(resolve, 10));
      for (const row of rows) underWay.delete(row);
    };
    await Promise.all([world.upload(), world.upload()]);
    check(
      twice === undefined,
      `row "${twice}" was in two requests at once: let one upload wait for the other.`,
    );
    await world.endWaits?.();
    await world.drain();
    await world.expectQueued('after all is uploaded');
  }),
];
