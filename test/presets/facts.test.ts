// What the guide's table says of each backend, found out by writing to its stand-in with its preset.
import type { UploadEntry } from 'powersync-backend-connector';
import {
  agentSkills,
  django,
  dotnet,
  firebase,
  laravel,
  mongodbExpo,
  nestjs,
  nextjs,
  nodejs,
  type Preset,
  rails,
  tanstackStarter,
} from 'powersync-backend-connector/presets';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { page, rows, section } from '../docs/pages.ts';
import { startAgentSkills } from '../support/published-backends/agent-skills.ts';
import { startDjango } from '../support/published-backends/django.ts';
import { startDotnet } from '../support/published-backends/dotnet.ts';
import { GOOD_ID_TOKEN, startFirebase } from '../support/published-backends/firebase.ts';
import { startLaravel } from '../support/published-backends/laravel.ts';
import { startMongodb } from '../support/published-backends/mongodb.ts';
import { startNestjs } from '../support/published-backends/nestjs.ts';
import { startNextjs } from '../support/published-backends/nextjs.ts';
import { startNodejs } from '../support/published-backends/nodejs.ts';
import { startRails } from '../support/published-backends/rails.ts';
import type { StandIn } from '../support/published-backends/stand-in.ts';
import type { Row } from '../support/published-backends/store.ts';
import { startTanstackStarter } from '../support/published-backends/tanstack-starter.ts';
import { patch, put, remove, transactionOf, verdictOf, verdictsOf } from './support.ts';

type Column =
  | 'atomic'
  | 'a replay'
  | 'a row that is gone'
  | 'an unknown table'
  | 'an unknown column'
  | 'largest body';

interface Backend {
  /** The first cell of its row. */
  name: string;
  start(): Promise<StandIn>;
  preset(url: string): Preset;
  table?: string;
  id?: string;
  another?: string;
  row?: Row;
  /** The column of `row` that is changed, and that holds a long text. */
  text?: string;
  /** A row that it refuses. */
  refused?: Row;
  /**
   * What else is lost without an error: the row before a PATCH or a DELETE (or none), as it is written (or deleted), and as it
   * is stored.
   */
  loses?: { what: string; table: string; id?: string; before?: Row; written?: Row; stored: Row };
}

type Cells = Record<Column | 'lost without an error', string>;

const userId = 'u1';
const headers = { authorization: `Basic ${btoa('admin:12345')}` };
const [UUID, OTHER_UUID] = ['6f0e4d0c-9d54-4f6a-8f1c-2b3d4e5f6a7b', '6f0e4d0c-9d54-4f6a-8f1c-2b3d4e5f6a7c'];
const [HEX, OTHER_HEX] = ['65f0c0ffee65f0c0ffee65f0', '65f0c0ffee65f0c0ffee65f1'];
const ACTIVITY = {
  table: 'activities',
  row: { title: 'Run' },
  text: 'description',
  refused: { title: null },
};

const BACKENDS: Backend[] = [
  { name: 'nodejs', start: startNodejs, preset: (url) => nodejs({ url, userId }) },
  {
    name: 'nodejs, with MongoDB',
    start: () => startNodejs('mongodb'),
    preset: (url) => nodejs({ url, userId, persister: 'mongodb' }),
  },
  { name: 'nextjs', start: startNextjs, preset: (url) => nextjs({ url, userId }) },
  {
    name: 'django',
    start: startDjango,
    preset: (url) => django({ url }),
    row: { name: 'A', owner_id: 'u1', created_at: '2026-01-01' },
    loses: {
      what: '`completed…` of a new to-do',
      table: 'todos',
      written: { description: 'x', created_by: 'u1', list_id: 'a', completed: 1, completed_at: 'now' },
      stored: { description: 'x', created_by: 'u1', list_id: 'a' },
    },
  },
  {
    name: 'rails',
    start: startRails,
    preset: (url) => rails({ url, userId, headers }),
    id: '900', // The server's ids are numbers. A row that the app made has none.
    ...ACTIVITY,
  },
  {
    name: 'rails, with keepsIds',
    start: () => startRails({ keepsIds: true }),
    preset: (url) => rails({ url, userId, headers, keepsIds: true }),
    ...ACTIVITY,
  },
  {
    name: 'dotnet',
    start: startDotnet,
    preset: (url) => dotnet({ url, userId }),
    loses: {
      what: 'defaults of the columns that a new row lacks',
      table: 'lists',
      written: { name: 'B' },
      stored: { name: 'B', owner_id: null, created_at: null },
    },
  },
  {
    name: 'firebase',
    start: startFirebase,
    preset: (url) => firebase({ url, idToken: () => GOOD_ID_TOKEN }),
    table: 'todos',
    row: { description: 'A', completed: 0, completed_at: null, completed_by: null },
    text: 'description',
    refused: { description: 'refuse me' },
    loses: {
      what: 'a PATCH of `todos`, but for `completed…`',
      table: 'todos',
      before: { description: 'A', completed: 0, completed_at: null, completed_by: null },
      written: { description: 'changed' },
      stored: { description: 'A', completed: 0, completed_at: null, completed_by: null },
    },
  },
  {
    name: 'mongodbExpo',
    start: startMongodb,
    preset: (url) => mongodbExpo({ url }),
    table: 'attendees',
    id: HEX,
    another: OTHER_HEX,
    refused: { name: null },
  },
  {
    name: 'laravel',
    start: startLaravel,
    preset: (url) => laravel({ url, userId }),
  },
  {
    name: 'nestjs',
    start: startNestjs,
    preset: (url) => nestjs({ url, login: () => ({ email: 'ann@example.com', password: 'secret' }) }),
    table: 'Product',
    id: UUID,
    another: OTHER_UUID,
    refused: { name: null },
    loses: {
      what: "a DELETE of somebody else's row",
      table: 'Product',
      id: UUID,
      before: { name: 'A', ownerId: 'u2' },
      stored: { name: 'A', ownerId: 'u2' },
    },
  },
  { name: 'agentSkills', start: startAgentSkills, preset: (url) => agentSkills({ url, userId }) },
  {
    name: 'tanstackStarter',
    start: startTanstackStarter,
    preset: (url) => tanstackStarter({ url, userId }),
    id: UUID,
    another: OTHER_UUID,
    row: { name: 'A', owner_id: 'u1' },
  },
];

const OF_VERDICTS: readonly (readonly [RegExp, string])[] = [
  [/^hold/, 'held'],
  [/^reject/, 'rejected'],
  [/^ambiguous/, 'rejected after ten tries'],
  [/^retry/, 'queued'],
];

/** What becomes of a write by its verdict; undefined if it was applied. */
function fateBy(verdict = ''): string | undefined {
  return OF_VERDICTS.find(([pattern]) => pattern.test(verdict))?.[1];
}

/** Finds out the cells of a row of the table, but for the last one. */
function probesOf(backend: Backend): Record<Column, () => Promise<string>> {
  const { table = 'lists', id = 'a', another = 'b', row = { name: 'A' }, refused = {} } = backend;
  const { text = Object.keys(row)[0] ?? '' } = backend;

  async function started() {
    const standIn = await backend.start();
    const preset = backend.preset(standIn.url);
    const write = (...entries: UploadEntry[]) => verdictOf(preset, ...entries);
    return { standIn, store: standIn.store, write };
  }

  return {
    async atomic() {
      const { store, write } = await started();
      expect(await write(put(table, id, row), put(table, another, refused))).toMatch(/^(reject|ambiguous)/);
      return store.rows(table).length === 0 ? 'yes' : 'no';
    },

    async 'a replay'() {
      const { store, standIn } = await started();
      const transaction = transactionOf(put(table, id, row));
      // After a restart of the app, nothing in memory tells what was applied.
      const send = () => verdictsOf(backend.preset(standIn.url), transaction);
      standIn.loseReplies(1);
      expect(await send()).toEqual(['retry network']);
      const stored = String(store.rows(table)[0]?.id);
      store.update(
        table,
        stored,
        Object.fromEntries(Object.keys(row).map((column) => [column, 'of another device'])),
      );
      expect(await send()).toEqual(['applied']);
      if (store.rows(table).length > 1) return 'makes a second row';
      const undone = Object.entries(row).some(([column, value]) => store.rows(table)[0]?.[column] === value);
      store.remove(table, stored);
      expect(await send()).toEqual(['applied']);
      const isBack = store.rows(table).length === 1;
      return `no second row${undone || isBack ? '; may undo a later change' : ''}`;
    },

    async 'a row that is gone'() {
      const { store, write } = await started();
      const patched =
        fateBy(await write(patch(table, id, row))) ??
        (store.rows(table).length ? 'brings it back' : 'dropped');
      const deleted = fateBy(await write(remove(table, id))) ?? 'applied';
      return `PATCH ${patched}, DELETE ${deleted}`;
    },

    async 'an unknown table'() {
      const { store, write } = await started();
      return (
        fateBy(await write(put('projects', id, row))) ??
        (store.rows('projects').length ? 'stored' : 'dropped')
      );
    },

    async 'an unknown column'() {
      const { store, write } = await started();
      const fate = fateBy(await write(put(table, id, { ...row, colour: 'red' })));
      return fate ?? (store.rows(table)[0]?.colour === 'red' ? 'stored' : 'dropped');
    },

    async 'largest body'() {
      const { write } = await started();
      const long = (bytes: number) => write(put(table, id, { ...row, [text]: 'x'.repeat(bytes) }));
      expect(await long(90_000)).toBe('applied');
      if ((await long(1_000_000)) === 'applied') return 'above 1 MB';
      expect(await long(110_000)).toBe('reject too_large');
      return '100 kB';
    },
  };
}

/** Finds out the last cell, from what the others say and from what the stand-in stores. */
async function lostOf({ preset, start, loses }: Backend, cells: Cells): Promise<string> {
  const lost = [
    cells['a row that is gone'].startsWith('PATCH dropped') && 'a PATCH of a row that is gone',
    cells['an unknown table'] === 'dropped' && 'unknown tables',
    cells['an unknown column'] === 'dropped' && 'unknown columns',
    loses?.what,
  ].filter(Boolean);
  if (loses) {
    const standIn = await start();
    const { table, id = 'a', before, written, stored } = loses;
    if (before) standIn.store.insert(table, id, before);
    const entry = !written
      ? remove(table, id)
      : before
        ? patch(table, id, written, before)
        : put(table, id, written);
    expect(await verdictOf(preset(standIn.url), entry)).toBe('applied');
    expect(standIn.store.rows(table)).toEqual([{ id, ...stored }]);
  }
  return lost.join(', ') || 'nothing';
}

const [heads = [], ...inTheGuide] = rows(section(page('guide/presets.md'), 'What becomes of a write'));

beforeEach(() => {
  const warnings = vi.spyOn(console, 'warn').mockReturnValue();
  return () => warnings.mockRestore();
});

describe.each(BACKENDS)('the guide says of $name', (backend) => {
  const [, ...said] = inTheGuide.find(([name]) => name === backend.name) ?? [];
  const told = Object.fromEntries(heads.slice(1).map((head, index) => [head, said[index]])) as Cells;

  it.each(Object.entries(probesOf(backend)))('%s', async (column, probe) => {
    expect(told[column as Column]).toBe(await probe());
  });

  it('what is lost without an error', async () => {
    expect(told['lost without an error']).toBe(await lostOf(backend, told));
  });
});

it('the guide says of each preset what becomes of a write', () => {
  const names = [...BACKENDS.map(({ name }) => name), 'cloudcode'];
  expect(inTheGuide.map(([name]) => name)).toEqual(names);
  expect(new Set(inTheGuide.at(-1)?.slice(1))).toEqual(new Set(['not known'])); // It isn't public.
});
