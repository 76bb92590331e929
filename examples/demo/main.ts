// The main job of the package, on embedded parts: real SDK clients on SQLite, a real HTTP backend on Postgres (PGlite),
// a stand-in of the PowerSync Service, and a network with faults between. Exits with 0 only if what it claims is true.
//
//   npm run demo               the story
//   npm run demo -- --verbose  with every request
import { failures, say } from './account.ts';
import { allTheSame, badNetwork, printRequests } from './bad-network.ts';
import { refusedWrite } from './refused-write.ts';
import { leaving, twoUsers } from './shared-tablet.ts';
import { createWorld } from './world.ts';

const startedAt = performance.now();
const world = await createWorld();
try {
  const refused = await badNetwork(world);
  await refusedWrite(world, refused);
  await allTheSame(world);
  await twoUsers(world);
  await leaving(world);
  if (process.argv.includes('--verbose')) printRequests(world);
} finally {
  await world.close();
}
console.log();
say(`${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
process.exitCode = failures() === 0 ? 0 : 1;
