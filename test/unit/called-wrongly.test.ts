import { record } from 'powersync-backend-connector';
import { route } from 'powersync-backend-connector/combine';
import { writeService } from 'powersync-backend-connector/connect';
import { graphql } from 'powersync-backend-connector/graphql';
import { batchEndpoint, checkpointRequests, rowEndpoints, writeApi } from 'powersync-backend-connector/http';
import { claimQueued } from 'powersync-backend-connector/owners';
import { hold, watchRejected } from 'powersync-backend-connector/rejections';
import { edgeFunction, postgrest, supabaseCredentials } from 'powersync-backend-connector/supabase';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { describe, expect, it } from 'vitest';
import { recordingTransport, testConnector } from '../support/connector.ts';

// Mistakes that people make at first. The message must say what is wrong and what is right.
const message = (text: string | object) => expect.objectContaining({ name: 'TypeError', message: text });

describe('a text instead of the options', () => {
  const MAKERS = {
    writeApi,
    batchEndpoint,
    rowEndpoints,
    checkpointRequests,
    graphql,
    writeService,
    edgeFunction,
    postgrest,
    supabaseCredentials,
    record,
  };
  it.each(Object.entries(MAKERS))('of %s', (name, make) => {
    expect(() => make('https://x.test' as never)).toThrow(
      message(
        expect.stringMatching(
          new RegExp(`^${name}: option "options" must be an object( with \\w+)?; got "https://x.test"\\.$`),
        ),
      ),
    );
  });

  const { record: _, ...needOptions } = MAKERS;
  it.each(Object.entries(needOptions))('no options at all, of %s', (name, make) => {
    expect(() => make(undefined as never)).toThrow(
      message(
        expect.stringMatching(
          new RegExp(
            `^${name}: option "options" must be an object with (url|client|transport); got undefined\\.$`,
          ),
        ),
      ),
    );
  });
});

describe('no signal', () => {
  const database = memoryDatabase();
  const { connector } = testConnector();
  const CALLS = {
    keepUploading: async (options: unknown) => connector.keepUploading(database, options as never),
    drain: async (options: unknown) => connector.drain(database, options as never),
    watchRejected: async (options: unknown) => watchRejected(database, () => {}, options as never),
  };

  it.each(['keepUploading', 'watchRejected'] as const)('for %s', async (name) => {
    const text = `${name}: option "signal" must be an AbortSignal (controller.signal); got undefined.`;
    for (const options of [undefined, {}]) await expect(CALLS[name](options)).rejects.toEqual(message(text));
  });

  it.each(Object.entries(CALLS))('but its controller, for %s', async (name, call) => {
    await expect(call({ signal: new AbortController() })).rejects.toEqual(
      message(`${name}: option "signal" must be an AbortSignal (controller.signal); got object.`),
    );
  });

  it('drain() needs none', async () => {
    expect(await connector.drain(database, { signal: undefined })).toMatchObject({ drained: true });
  });
});

it('claimQueued() without saying whose', async () => {
  for (const options of [undefined, {}])
    await expect(claimQueued(memoryDatabase(), options as never)).rejects.toEqual(
      message('claimQueued: option "from" must be the id of a user, or null; got undefined.'),
    );
});

describe('an option of the connector', () => {
  it.each([
    [{ retry: { ambiguous: true } }, '"retry.ambiguous" must be an object or false; got boolean.'],
    [{ batching: 50 }, '"batching" must be an object or a function; got 50.'],
    [{ rejections: record }, '"rejections" must be a policy: call record(); got function.'],
  ])('%j', (options, text) => {
    expect(() => testConnector(options as never)).toThrow(message(`BackendConnector: option ${text}`));
  });

  it('a rejection policy that was not called', async () => {
    const { connector } = testConnector({
      transport: async ({ transactions }) =>
        transactions.map(() => ({ status: 'rejected', error: new Error('no') as never })),
      classify: () => 'reject',
      rejections: hold as never,
    });
    const database = memoryDatabase();
    await database.put('todos', 'a');
    const { error } = await connector.drain(database);
    expect(error).toMatchObject({
      code: 'misconfigured',
      detail: expect.stringContaining('hold(), not hold'),
    });
    expect(connector.status.phase).toBe('held');
  });
});

describe('route()', () => {
  it.each([[{}], [[]]])('without a transport: %j', (routes) => {
    expect(() => route(routes)).toThrow(
      message('route: option "routes" must be at least one route; got object.'),
    );
  });

  it('with one has no complaint', () => {
    expect(() => route({ default: recordingTransport().transport })).not.toThrow();
  });
});

it('memoryDatabase() says of which table the row without an id is', async () => {
  await expect(memoryDatabase().put('todos', undefined as never)).rejects.toThrow(
    'id is required (table todos)',
  );
});
