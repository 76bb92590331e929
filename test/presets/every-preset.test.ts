import type { UploadEntry } from 'powersync-backend-connector';
import {
  agentSkills,
  cloudcode,
  django,
  dotnet,
  firebase,
  laravel,
  mongodbExpo,
  nestjs,
  nextjs,
  nodejs,
  type Preset,
  type PresetOptions,
  rails,
  tanstackStarter,
} from 'powersync-backend-connector/presets';
import { describe, expect, it } from 'vitest';
import { everythingIn } from '../http/support.ts';
import { startAgentSkills } from '../support/published-backends/agent-skills.ts';
import { startCloudcode } from '../support/published-backends/cloudcode.ts';
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
import { startTanstackStarter } from '../support/published-backends/tanstack-starter.ts';
import { credentialsOf, outcomesOf, patch, put, remove, transactionOf, verdictOf } from './support.ts';

interface Case {
  name: string;
  start(): Promise<StandIn>;
  preset(options: PresetOptions): Preset;
  /** Where its writes and rows are. */
  table?: string;
  id?: string;
  column?: string;
  /** Further columns that a row needs. */
  others?: Record<string, unknown>;
  /** What a failure of the database means. */
  outage: string;
  /** What it means if the connection to the database breaks in a transaction, so that ROLLBACK fails, if it has one. */
  broken?: string;
  /** An empty 200 is what this backend says of an applied write. */
  saysNothing?: boolean;
  deletes?: boolean;
}

const HEX = '65f0c0ffee65f0c0ffee65f0';
const userId = 'u1';
const login = { email: 'ann@example.com', password: 'secret' };
const headers = { authorization: `Basic ${btoa('admin:12345')}` };

const CASES: Case[] = [
  {
    name: 'nodejs',
    start: startNodejs,
    preset: (options) => nodejs({ ...options, userId }),
    outage: 'retry unavailable',
    broken: 'retry unavailable',
  },
  {
    name: 'nodejs with MongoDB',
    start: () => startNodejs('mongodb'),
    preset: (options) => nodejs({ ...options, userId, persister: 'mongodb' }),
    outage: 'retry unavailable',
  },
  {
    name: 'nextjs',
    start: startNextjs,
    preset: (options) => nextjs({ ...options, userId }),
    outage: 'retry unavailable',
    broken: 'retry unavailable',
  },
  { name: 'django', start: startDjango, preset: django, outage: 'ambiguous unclassified' },
  {
    name: 'rails',
    start: startRails,
    preset: (options) => rails({ ...options, userId, headers }),
    table: 'activities',
    column: 'title',
    outage: 'retry unavailable',
    deletes: false,
  },
  {
    name: 'rails that keeps ids',
    start: () => startRails({ keepsIds: true }),
    preset: (options) => rails({ ...options, userId, headers, keepsIds: true }),
    table: 'activities',
    column: 'title',
    outage: 'retry unavailable',
  },
  {
    name: 'dotnet',
    start: startDotnet,
    preset: (options) => dotnet({ ...options, userId }),
    outage: 'retry unavailable',
    broken: 'retry unavailable',
  },
  {
    name: 'firebase',
    start: startFirebase,
    preset: (options) => firebase({ ...options, idToken: () => GOOD_ID_TOKEN }),
    outage: 'retry unavailable',
  },
  {
    name: 'mongodbExpo',
    start: startMongodb,
    preset: mongodbExpo,
    table: 'attendees',
    id: HEX,
    outage: 'ambiguous unclassified',
    saysNothing: true,
  },
  {
    name: 'mongodbExpo as mbnb',
    start: () => startMongodb(true),
    preset: (options) => mongodbExpo({ ...options, idInData: true }),
    table: 'listings',
    id: HEX,
    outage: 'ambiguous unclassified',
    saysNothing: true,
  },
  {
    name: 'laravel',
    start: startLaravel,
    preset: (options) => laravel({ ...options, userId }),
    outage: 'retry unavailable',
    broken: 'retry unavailable',
    deletes: false,
  },
  {
    name: 'nestjs',
    start: startNestjs,
    preset: (options) => nestjs({ ...options, login: () => login }),
    table: 'Product',
    id: '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d',
    outage: 'retry unavailable',
  },
  {
    name: 'agentSkills',
    start: startAgentSkills,
    preset: (options) => agentSkills({ ...options, userId }),
    outage: 'retry network',
    broken: 'retry network',
  },
  {
    name: 'tanstackStarter',
    start: startTanstackStarter,
    preset: (options) => tanstackStarter({ ...options, userId }),
    id: '6f0e4d0c-9d54-4f6a-8f1c-2b3d4e5f6a7b',
    others: { owner_id: 'u1' },
    outage: 'retry unavailable',
    broken: 'retry unavailable',
  },
  {
    name: 'cloudcode',
    start: startCloudcode,
    preset: (options) => cloudcode({ ...options, userId }),
    outage: 'retry unavailable',
    broken: 'retry unavailable',
    saysNothing: true,
  },
];

describe.each(CASES)('$name', (backend) => {
  const {
    table = 'lists',
    id = 'a1',
    column = 'name',
    others,
    outage,
    saysNothing,
    deletes = true,
  } = backend;
  const row = (): UploadEntry => put(table, id, { [column]: 'Milk run', ...others });

  async function started() {
    const standIn = await backend.start();
    return { standIn, preset: backend.preset({ url: standIn.url }) };
  }

  it('stores a new row, its changes and its end, in order', async () => {
    const { standIn, preset } = await started();
    expect(await verdictOf(preset, row())).toBe('applied');
    expect(standIn.store.rows(table)).toMatchObject([{ [column]: 'Milk run' }]);
    if (!deletes) return;
    expect(await verdictOf(preset, row(), remove(table, id))).toBe('applied');
    expect(standIn.store.rows(table)).toEqual([]);
  });

  it('sends no PATCH without columns', async () => {
    const { standIn, preset } = await started();
    expect(await verdictOf(preset, patch(table, id, {}))).toBe('skipped');
    expect(standIn.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it(`reads an outage of the database as ${outage}`, async () => {
    const { standIn, preset } = await started();
    standIn.store.down = true;
    expect(await verdictOf(preset, row())).toBe(outage);
    standIn.store.down = false;
    expect(await verdictOf(preset, row())).toBe('applied');
  });

  if (backend.broken) {
    it('keeps the write where the connection to the database breaks', async () => {
      const { standIn, preset } = await started();
      standIn.store.breaks = true;
      expect(await verdictOf(preset, row())).toBe(backend.broken);
      expect(standIn.store.rows(table)).toEqual([]);
    });
  }

  it('gives every ambiguous answer a budget', async () => {
    const { standIn, preset } = await started();
    standIn.store.down = true;
    const [outcome] = await outcomesOf(preset, transactionOf(row()));
    const error = outcome && 'error' in outcome ? outcome.error : undefined;
    expect(error?.budget).toEqual(
      outage.startsWith('ambiguous') ? { attempts: 10, minMs: 3_600_000 } : undefined, // There are no words.
    );
  });

  it('keeps the write where something else answers', async () => {
    const { standIn, preset } = await started();
    const page = { type: 'text/html', body: '<!doctype html><title>Welcome</title>' };
    const verdicts: Record<string, string | undefined> = {};
    for (const [what, said] of Object.entries({
      'a web page': { status: 200, ...page },
      'a redirect': { status: 302, headers: { location: 'https://portal.example/' } },
      'an unknown route': { status: 404, ...page },
      'a firewall': { status: 403, ...page },
      'a gateway': { status: 503, ...page },
      'too many requests': { status: 429 },
      nothing: { status: 200 },
      'another contract': { status: 200, body: { results: [] } },
    })) {
      standIn.answerInstead(said);
      verdicts[what] = await verdictOf(preset, row());
    }
    expect(verdicts).toEqual({
      'a web page': 'retry misconfigured',
      'a redirect': 'retry misconfigured',
      'an unknown route': 'retry misconfigured',
      'a firewall': 'retry misconfigured',
      'a gateway': 'retry unavailable',
      'too many requests': 'retry throttled',
      nothing: saysNothing ? 'applied' : 'retry misconfigured',
      'another contract': backend.name === 'cloudcode' ? 'applied' : 'retry misconfigured',
    });
  });

  it('keeps the write where nobody listens', async () => {
    const { standIn, preset } = await started();
    await standIn.close();
    expect(await verdictOf(preset, row())).toBe('retry network');
    expect(await credentialsOf(preset)).toBe('network');
  });

  it('gets a token from its endpoint, and throws where it gets none', async () => {
    const { standIn, preset } = await started();
    expect(standIn.tokens).toContain(await credentialsOf(preset));
    for (const [said, code] of [
      [{ status: 200, type: 'text/html', body: '<!doctype html>' }, 'misconfigured'],
      [{ status: 200, body: { token: '' } }, 'misconfigured'],
      [{ status: 200, body: { access_token: 7 } }, 'misconfigured'],
      [{ status: 503 }, 'unavailable'],
      [{ status: 302, headers: { location: 'https://portal.example/' } }, 'misconfigured'],
    ] as const) {
      standIn.answerInstead(said, 'tokens');
      expect(await credentialsOf(preset)).toBe(code);
    }
  });

  it('ends its requests with the signal', async () => {
    const { preset } = await started();
    const signal = AbortSignal.abort();
    const context = { signal, attempt: 1, clientId: 'c', token: async () => 'jwt' };
    const sent = preset.transport({ transactions: [transactionOf(row())] }, context);
    await expect(sent).rejects.toMatchObject({ name: expect.stringMatching(/Abort|UploadError/) });
    await expect(preset.credentials({ signal })).rejects.toMatchObject({ code: 'aborted' });
  });

  it('uses the fetch it is given, for writes and tokens', async () => {
    const { standIn } = await started();
    const fetched: string[] = [];
    const preset = backend.preset({
      url: `${standIn.url}/`,
      fetch: (input, init) => {
        fetched.push(new URL((input as Request).url).pathname);
        return fetch(input, init);
      },
    });
    expect(await verdictOf(preset, row())).toBe('applied');
    expect(await credentialsOf(preset)).not.toBe('network');
    expect(new Set(fetched)).toEqual(new Set(standIn.requests.map(({ path }) => path)));
    expect(fetched).not.toContainEqual(expect.stringContaining('//'));
  });

  it('says nothing of the row, the token or the backend in its errors', async () => {
    const { standIn, preset } = await started();
    const secret = 'SECRET-OF-THE-ROW';
    for (const status of [200, 400, 422, 500]) {
      standIn.answerInstead({
        status,
        body: { message: `no ${secret}`, error: `no ${secret}`, success: false, processed: 0 },
      });
      const [outcome] = await outcomesOf(
        preset,
        transactionOf(put(table, id, { [column]: secret, ...others })),
      );
      const error = outcome && 'error' in outcome ? outcome.error : undefined;
      expect(everythingIn(error)).not.toContain(secret);
    }
  });

  it('names an option that is wrong or misspelt', () => {
    const wrong = (options: object) => () => backend.preset(options as PresetOptions);
    expect(wrong({ url: 'http://a', fetchh: 1 })).toThrow(/option "fetchh"/);
    expect(wrong({})).toThrow(/option "url"/);
    expect(wrong({ url: 'http://a', authorization: 'basic' })).toThrow(/option "authorization"/);
  });
});
