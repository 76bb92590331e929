// Faults on the real path (SDK, SQLite, HTTP, the example backend): nothing is lost and nothing applied twice.
// All in one file, because starting the backend's Postgres takes longer than most of what is tested with it.

import { describe } from 'vitest';
import { twoAtOnce } from './at-once.ts';
import { clockIsOff, clockIsSet } from './clock.ts';
import { closedInMidUpload } from './closing.ts';
import { killed } from './killed.ts';
import { reconnects } from './reconnects.ts';
import { serversForTests } from './servers.ts';
import { sqliteFails } from './sqlite.ts';
import { tokenRefused } from './tokens.ts';

const servers = serversForTests();

// `npm run prove` sets more rounds.
for (let round = 1; round <= Number(process.env.KILL_ROUNDS ?? 1); round++)
  describe(`the process is killed, round ${round}`, () => killed(servers, round));
describe('SQLite fails', () => sqliteFails(servers));
describe('a token is refused', () => tokenRefused(servers));
describe('the clock is an hour ahead', () => clockIsOff(servers, 3_600_000));
describe('the clock is an hour behind', () => clockIsOff(servers, -3_600_000));
describe('the clock is set', () => clockIsSet(servers));
describe('uploads run at once', () => twoAtOnce(servers));
describe('the app disconnects and connects in mid-upload', () => reconnects(servers));
describe('closed in mid-upload:', () => closedInMidUpload(servers));
