// Shows what the package is for, with embedded parts: real SDK clients on SQLite, a real HTTP backend on Postgres
// (PGlite), a stand-in for the PowerSync Service, and a network with faults between them. Exits with 0 only if all its
// claims are true.
//
//   npm run demo               the story
//   npm run demo -- --verbose  with every request
//   npm run demo -- --transport rows
//                              the same with another transport: see transports.ts
import { parseArgs } from 'node:util';
import { chapter, failures, say } from './account.ts';
import { allTheSame, badNetwork, printRequests } from './bad-network.ts';
import { refusedWrite } from './refused-write.ts';
import { leaving, twoUsers } from './shared-tablet.ts';
import { TRANSPORTS } from './transports.ts';
import { createWorld } from './world.ts';

const startedAt = performance.now();
const { values: options } = parseArgs({
  options: {
    transport: { type: 'string', default: 'write-api' },
    verbose: { type: 'boolean', default: false },
  },
});
const by = TRANSPORTS[options.transport];
if (!by)
  throw new Error(
    `There is no transport "${options.transport}". Choose one of: ${Object.keys(TRANSPORTS).join(', ')}`,
  );
const world = await createWorld(by);
try {
  chapter('How writes reach the backend');
  for (const line of by.tells) say(line);
  const refused = await badNetwork(world);
  await refusedWrite(world, refused);
  await allTheSame(world);
  await twoUsers(world);
  await leaving(world);
  if (options.verbose) printRequests(world);
} finally {
  await world.close();
}
console.log();
say(`${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
process.exitCode = failures() === 0 ? 0 : 1;
