import { expect, it } from 'vitest';
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

interface Published {
  readonly contract: string;
  readonly start: () => Promise<StandIn>;
  /** What is wrong with it, by the checks that find it. */
  readonly finds: readonly string[];
  readonly rowsLeft?: number;
  readonly needsToken?: true;
  readonly table?: string;
  readonly row?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

/** The answer to a bad row is the answer to an outage. */
const BLOCKS_BAD_ROWS = 'a constraint violation';

const PUBLISHED: Published[] = [
  { contract: 'nodejs', start: startNodejs, finds: [] },
  { contract: 'nextjs', start: startNextjs, finds: [], needsToken: true },
  { contract: 'dotnet', start: startDotnet, finds: [] },
  { contract: 'cloudcode', start: startCloudcode, finds: [] },
  { contract: 'agent-skills', start: startAgentSkills, finds: ['tokens'], needsToken: true },
  { contract: 'nestjs', start: startNestjs, table: 'Product', finds: [], needsToken: true },
  {
    contract: 'django',
    start: startDjango,
    row: { name: 'Milk {n}', created_at: '2026-01-01 00:00:00', owner_id: 'ada' }, // or a PATCH would clear them
    finds: [BLOCKS_BAD_ROWS],
  },
  { contract: 'firebase', start: startFirebase, finds: ['order'] }, // every PATCH of a list is a 400
  {
    contract: 'rails',
    start: startRails,
    table: 'activities',
    row: { title: 'Milk {n}' },
    headers: { authorization: `Basic ${btoa('admin:12345')}` },
    finds: ['order'], // rows get other ids, so that a PATCH finds none
  },
  { contract: 'laravel', start: startLaravel, finds: ['order'], rowsLeft: 9 }, // every DELETE fails
  { contract: 'mongodb-expo', start: startMongodb, table: 'attendees', finds: [BLOCKS_BAD_ROWS] },
];

it.each(PUBLISHED)('$contract: finds $finds', async ({ contract, start, finds, rowsLeft = 0, ...found }) => {
  const { table = 'lists', row = { name: 'Milk {n}' }, headers, needsToken } = found;
  const standIn = await start();
  const report = await verify({
    url: standIn.url,
    contract: CONTRACTS[contract] as Contract,
    table,
    row,
    badRow: Object.fromEntries(Object.keys(row).map((column) => [column, null])),
    headers,
    token: needsToken ? issueToken(standIn, 'verify', 300) : undefined,
    timeoutMs: 30_000,
  });
  expect(report.checks[0]).toMatchObject({ status: 'ok' });
  const violations = report.checks.filter(({ status }) => status === 'violation');
  expect(violations.map(({ check }) => check)).toEqual(finds);
  expect(report).toMatchObject({ passed: finds.length === 0, rowsLeft });
});

it('there is a contract for each', () => {
  const others = ['write-api', 'batch', 'rows', 'graphql', 'connect'];
  expect(PUBLISHED.map(({ contract }) => contract).sort()).toEqual(
    Object.keys(CONTRACTS)
      .filter((name) => !others.includes(name))
      .sort(),
  );
});
