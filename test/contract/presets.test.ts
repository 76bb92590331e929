import type { Transport } from 'powersync-backend-connector';
import {
  agentSkills,
  cloudcode,
  dotnet,
  laravel,
  nestjs,
  nextjs,
  nodejs,
  type Preset,
  rails,
} from 'powersync-backend-connector/presets';
import { describe, onTestFinished, test } from 'vitest';
import {
  type ContractNeed,
  type ContractTable,
  type TransportHarness,
  transportContract,
} from '../../src/testing/transport-contract.ts';
import { startFaultyProxy } from '../support/faulty-proxy.ts';
import { startAgentSkills } from '../support/published-backends/agent-skills.ts';
import { startCloudcode } from '../support/published-backends/cloudcode.ts';
import { startDotnet } from '../support/published-backends/dotnet.ts';
import { startLaravel } from '../support/published-backends/laravel.ts';
import { startNestjs } from '../support/published-backends/nestjs.ts';
import { startNextjs } from '../support/published-backends/nextjs.ts';
import { startNodejs } from '../support/published-backends/nodejs.ts';
import { startRails } from '../support/published-backends/rails.ts';
import { issueToken, type StandIn } from '../support/published-backends/stand-in.ts';
import { httpFaults } from './http-harness.ts';

interface Case {
  name: string;
  start(): Promise<StandIn>;
  preset(url: string): Preset;
  table?: ContractTable;
  atomic: boolean;
  /** Whether its writes carry a token. */
  token?: boolean;
  /** Whether ids must be UUIDs. Each id of a case then stands for one. */
  uuids?: boolean;
  /** Needs of cases that have no meaning for this backend, each with the reason. */
  without?: Partial<Record<ContractNeed, string>>;
}

const TODOS: ContractTable = {
  name: 'todos',
  text: 'description',
  note: 'note',
  amount: 'amount',
  refused: { description: 'refuse me' },
};

const userId = 'u1';
const headers = { authorization: `Basic ${btoa('admin:12345')}` };
const noTokens = {
  token: 'its writes carry none, or it looks at none',
  unauthenticated: 'its writes carry no token, or it looks at none',
};

// Those whose columns and ids are free. The others only take tables, columns or ids of their demo.
const CASES: Case[] = [
  {
    name: 'nodejs()',
    start: startNodejs,
    preset: (url) => nodejs({ url, userId }),
    atomic: true,
    without: noTokens,
  },
  {
    name: 'nodejs(), many transactions per request',
    start: startNodejs,
    preset: (url) => nodejs({ url, userId, maxTransactions: 50 }),
    atomic: true,
    without: noTokens,
  },
  {
    name: 'nodejs() with MongoDB',
    start: () => startNodejs('mongodb'),
    preset: (url) => nodejs({ url, userId, persister: 'mongodb' }),
    atomic: false,
    without: noTokens,
  },
  {
    name: 'nextjs()',
    start: startNextjs,
    preset: (url) => nextjs({ url, userId }),
    atomic: true,
    token: true,
  },
  {
    name: 'dotnet()',
    start: startDotnet,
    preset: (url) => dotnet({ url, userId }),
    atomic: true,
    without: noTokens,
  },
  {
    name: 'rails() that keeps ids',
    start: () => startRails({ keepsIds: true }),
    preset: (url) => rails({ url, userId, headers, keepsIds: true }),
    table: {
      name: 'activities',
      text: 'description',
      note: 'status',
      amount: 'lat',
      always: { title: 'Run' },
      refused: { title: null },
    },
    atomic: false,
    without: noTokens,
  },
  {
    name: 'laravel() that was corrected',
    start: () => startLaravel({ deletes: true }),
    preset: (url) => laravel({ url, userId, deletes: true }),
    atomic: false,
    without: noTokens,
  },
  {
    name: 'nestjs()',
    start: startNestjs,
    preset: (url) => nestjs({ url, login: () => null }),
    table: {
      name: 'Product',
      text: 'description',
      note: 'note',
      amount: 'price',
      always: { name: 'x' },
      refused: { name: null },
    },
    atomic: true,
    token: true,
    uuids: true,
  },
  {
    name: 'agentSkills()',
    start: startAgentSkills,
    preset: (url) => agentSkills({ url, userId }),
    atomic: true,
    token: true,
    without: noTokens,
  },
  {
    name: 'cloudcode()',
    start: startCloudcode,
    preset: (url) => cloudcode({ url, userId }),
    atomic: true,
    without: {
      ...noTokens,
      'empty-answer': 'an empty 200 is its yes',
      'foreign-answer': 'its yes has no form that is known',
      'cut-reply': 'an empty 200 has no half',
      'broken-reply': 'an empty 200 has no half',
    },
  },
];

/** UUIDs for the ids of cases, which are texts of any kind. */
function createUuids() {
  const ids: string[] = [];
  const uuidOf = (id: string): string => {
    const index = ids.includes(id) ? ids.indexOf(id) : ids.push(id) - 1;
    return `9b1deb4d-3b7d-4bad-9bdd-${String(index).padStart(12, '0')}`;
  };
  return {
    idOf: (uuid: unknown): string | undefined => ids[Number(String(uuid).slice(-12))],
    sending:
      (transport: Transport): Transport =>
      ({ transactions }, context) =>
        transport(
          {
            transactions: transactions.map((transaction) => ({
              ...transaction,
              entries: transaction.entries.map((entry) => ({ ...entry, id: uuidOf(entry.id) })),
            })),
          },
          context,
        ),
  };
}

describe.each(CASES)('$name', ({ start, preset, table = TODOS, atomic, token, uuids, without = {} }) => {
  async function startHarness(): Promise<TransportHarness> {
    const standIn = await start();
    const proxy = await startFaultyProxy(standIn.url);
    onTestFinished(() => proxy.close());
    const issued = token ? issueToken(standIn, 'u1', 300) : undefined;
    const { sending, idOf } = createUuids();
    const rows = () => standIn.store.rows(table.name);
    return {
      createTransport: () => (uuids ? sending(preset(proxy.url).transport) : preset(proxy.url).transport),
      ...(issued !== undefined && { token: async () => issued }),
      table,
      atomic,
      idempotent: false,
      backend: {
        rows: async () => (uuids ? rows().map((row) => ({ ...row, id: idOf(row.id) })) : rows()),
        requests: () => proxy.requests.length,
        faults: httpFaults(proxy),
      },
    };
  }

  const cases = transportContract.filter(({ needs }) => needs.every((need) => without[need] === undefined));
  test.each(cases)('$name', async ({ run }) => run(await startHarness()));
});
