import { expect, it, onTestFinished } from 'vitest';
import * as presets from '../../src/presets/index.ts';
import { CONTRACTS, type Contract } from '../../src/verify/contracts.ts';
import { verify } from '../../src/verify/verify.ts';
import { startAgentSkills } from '../support/published-backends/agent-skills.ts';
import { startCloudcode } from '../support/published-backends/cloudcode.ts';
import { startDjango } from '../support/published-backends/django.ts';
import { startDotnet } from '../support/published-backends/dotnet.ts';
import { startFirebase } from '../support/published-backends/firebase.ts';
import { startLaravel } from '../support/published-backends/laravel.ts';
import { startMongodb } from '../support/published-backends/mongodb.ts';
import { startNestjs } from '../support/published-backends/nestjs.ts';
import { startNextjs } from '../support/published-backends/nextjs.ts';
import { startNodejs } from '../support/published-backends/nodejs.ts';
import { startRails } from '../support/published-backends/rails.ts';
import { issueToken, type StandIn } from '../support/published-backends/stand-in.ts';
import { startTanstackStarter } from '../support/published-backends/tanstack-starter.ts';
import { startLocalServer } from '../support/service-stand-in/local-server.ts';

interface Published {
  readonly contract: string;
  readonly start: () => Promise<StandIn>;
  /** Options of the preset. */
  readonly options?: Record<string, unknown>;
  /** What is wrong with it, by the checks that find it. */
  readonly finds: readonly string[];
  /** Whether a late replay undoes a later change, or brings a row back. Only seen with --read. */
  readonly undoes: boolean;
  readonly rowsLeft?: number;
  readonly needsToken?: true;
  readonly table?: string;
  readonly row?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

/** The answer to a bad row is the answer to an outage. */
const BLOCKS_BAD_ROWS = 'a constraint violation';

const ofRails = {
  contract: 'rails',
  table: 'activities',
  row: { title: 'Milk {n}' },
  headers: { authorization: `Basic ${btoa('admin:12345')}` },
};

const PUBLISHED: Published[] = [
  { contract: 'nodejs', start: startNodejs, finds: [], undoes: true },
  {
    contract: 'nodejs',
    start: () => startNodejs('mongodb'),
    options: { persister: 'mongodb' },
    // It skips tables that it doesn't know, and has no constraints.
    finds: ['an unknown table'],
    undoes: true,
  },
  { contract: 'nextjs', start: startNextjs, finds: [], undoes: true, needsToken: true },
  { contract: 'dotnet', start: startDotnet, finds: [], undoes: true },
  { contract: 'cloudcode', start: startCloudcode, finds: [], undoes: true },
  { contract: 'agent-skills', start: startAgentSkills, finds: ['tokens'], undoes: true, needsToken: true },
  {
    contract: 'tanstack-starter',
    start: startTanstackStarter,
    row: { name: 'Milk {n}', owner_id: 'ada' },
    finds: ['tokens'],
    undoes: true,
    needsToken: true,
  },
  { contract: 'nestjs', start: startNestjs, table: 'Product', finds: [], undoes: true, needsToken: true },
  {
    contract: 'django',
    start: startDjango,
    row: { name: 'Milk {n}', created_at: '2026-01-01 00:00:00', owner_id: 'ada' }, // or a PATCH would clear them
    finds: [BLOCKS_BAD_ROWS],
    undoes: true,
  },
  { contract: 'firebase', start: startFirebase, finds: ['order'], undoes: true }, // every PATCH of a list is a 400
  // Rows get other ids, so that nothing finds them again.
  { ...ofRails, start: startRails, finds: ['ids are kept', 'idempotent replay'], undoes: false, rowsLeft: 5 },
  {
    ...ofRails,
    start: () => startRails({ keepsIds: true }),
    options: { keepsIds: true },
    finds: [],
    undoes: true,
  },
  { contract: 'laravel', start: startLaravel, finds: ['order'], undoes: true, rowsLeft: 8 }, // every DELETE fails
  {
    contract: 'laravel',
    start: () => startLaravel({ deletes: true }),
    options: { deletes: true },
    finds: [],
    undoes: true,
  },
  {
    contract: 'mongodb-expo',
    start: startMongodb,
    table: 'attendees',
    // MongoDB makes a collection for a table that isn't known.
    finds: [BLOCKS_BAD_ROWS, 'an unknown table'],
    undoes: true,
  },
  {
    contract: 'mongodb-expo',
    start: () => startMongodb(true),
    options: { idInData: true },
    table: 'attendees',
    // MongoDB makes a collection for a table that isn't known.
    finds: [BLOCKS_BAD_ROWS, 'an unknown table'],
    undoes: true,
  },
];

/** Lets rows of a stand-in be read, as an app's own route would. */
async function startReader({ store }: StandIn): Promise<string> {
  const { url, close } = await startLocalServer(async (incoming, response) => {
    const [, table = '', id = ''] = (incoming.url ?? '').split('/').map(decodeURIComponent);
    const row = store.rows(table).find((each) => String(each.id) === id);
    response
      .writeHead(row ? 200 : 404, { 'content-type': 'application/json' })
      .end(JSON.stringify(row ?? {}));
  });
  onTestFinished(() => close());
  return `${url}/{table}/{id}`;
}

const CASES = PUBLISHED.flatMap((each) =>
  [false, true].map((reads) => ({
    ...each,
    reads,
    name: `${each.contract} ${JSON.stringify(each.options ?? {})} ${reads ? 'with --read' : 'without'}`,
  })),
);

it.each(CASES)('$name: finds $finds', async ({ contract, start, finds, undoes, reads, ...found }) => {
  const { table = 'lists', row = { name: 'Milk {n}' }, headers, options, needsToken, rowsLeft = 0 } = found;
  const standIn = await start();
  const before = standIn.store.rows(table).length;
  const report = await verify({
    url: standIn.url,
    contract: CONTRACTS[contract] as Contract,
    table,
    row,
    badRow: Object.fromEntries(Object.keys(row).map((column) => [column, null])),
    headers,
    options,
    token: needsToken ? issueToken(standIn, 'verify', 300) : undefined,
    readUrl: reads ? await startReader(standIn) : undefined,
    timeoutMs: 30_000,
  });
  const named = (wanted: string) =>
    report.checks.filter(({ status }) => status === wanted).map(({ check }) => check);
  expect(report.checks[0]).toMatchObject({ status: 'ok' });
  expect(named('violation')).toEqual(finds);
  expect(named('warning')).toEqual(undoes && reads ? ['idempotent replay'] : []);
  expect(report).toMatchObject({ passed: finds.length === 0, rowsLeft });
  // Exactly those that stay are named.
  expect(report.left.map(({ id }) => id).sort()).toEqual(
    standIn.store
      .rows(table)
      .map(({ id }) => String(id))
      .sort(),
  );
  expect(standIn.store.rows('no_such_table_feedc0de')).toEqual([]);
  expect(standIn.store.rows(table).length - before).toBe(rowsLeft);
  const puts = standIn.requests.filter(({ text }) =>
    text.includes(String(Object.values(row)[0]).split('{')[0] ?? ''),
  );
  const repeated = puts.filter(({ text }, index) => puts.findIndex((each) => each.text === text) < index);
  expect(repeated.length, 'the replay is sent').toBeGreaterThan(0);
});

it('rails with keepsIds on a server that chooses ids: says so at once, and what to change', async () => {
  const standIn = await startRails();
  const { table, row, headers } = ofRails;
  const report = await verify({
    url: standIn.url,
    contract: CONTRACTS.rails as Contract,
    options: { keepsIds: true },
    table,
    row,
    headers,
    timeoutMs: 30_000,
  });
  expect(report.checks[0]).toMatchObject({
    status: 'violation',
    advice: expect.stringMatching(/permit :id in the controller/),
  });
  expect(report.left.map(({ id }) => id)).toEqual(standIn.store.rows(table).map(({ id }) => String(id)));
});

async function detailOf(name: string, { contract, table, row, options, ...found }: Published) {
  const standIn = await found.start();
  const report = await verify({
    url: standIn.url,
    contract: CONTRACTS[contract] as Contract,
    table: table ?? 'lists',
    row: row ?? { name: 'Milk {n}' },
    badRow: Object.fromEntries(Object.keys(row ?? { name: '' }).map((column) => [column, null])),
    headers: found.headers,
    options,
    timeoutMs: 30_000,
  });
  return report.checks.find(({ check }) => check === name);
}

it('says that an answer was empty, where it was', async () => {
  const mongodb = PUBLISHED.find(({ contract }) => contract === 'mongodb-expo') as Published;
  expect(await detailOf('content types', mongodb)).toMatchObject({
    status: 'skipped',
    message: expect.stringContaining('empty'),
  });
});

it('names the status of the refusal, and not that of the PATCH behind it', async () => {
  const keepsIds = PUBLISHED.find(
    ({ contract, options }) => contract === 'rails' && options?.keepsIds,
  ) as Published;
  expect(await detailOf('a constraint violation', keepsIds)).toMatchObject({
    status: 'ok',
    message: expect.stringContaining('422'),
  });
});

it('there is a contract for each preset, and each is tried here', () => {
  const made = Object.keys(presets).map((name) => name.replace(/[A-Z]/g, (each) => `-${each.toLowerCase()}`));
  expect(made.sort()).toEqual([...new Set(PUBLISHED.map(({ contract }) => contract))].sort());
  const others = ['write-api', 'batch', 'rows', 'graphql', 'connect'];
  expect(made.concat(others).sort()).toEqual(Object.keys(CONTRACTS).sort());
});
