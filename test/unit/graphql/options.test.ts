import { graphql } from 'powersync-backend-connector/graphql';
import { describe, expect, it } from 'vitest';

const url = 'https://api.test/graphql';
const put = { mutation: 'mutation { a }', variables: () => ({}) };

describe('graphql(): options', () => {
  it.each<[string, unknown, string]>([
    ['no url', {}, 'url'],
    ['an empty url', { url: '' }, 'url'],
    ['a misspelt option', { url, mutation: {} }, 'mutation'],
    ['headers null', { url, headers: null }, 'headers'],
    ['another authorization', { url, authorization: 'basic' }, 'authorization'],
    ['a fetch that is no function', { url, fetch: {} }, 'fetch'],
    ['a ky that is no function', { url, ky: {} }, 'ky'],
    ['maxTransactions 0', { url, maxTransactions: 0 }, 'maxTransactions'],
    ['maxTransactions with mutations', { url, maxTransactions: 1, mutations: {} }, 'maxTransactions'],
    ['maxBodyBytes 0', { url, maxBodyBytes: 0 }, 'maxBodyBytes'],
    ['maxBodyBytes with mutations', { url, maxBodyBytes: 1, mutations: {} }, 'maxBodyBytes'],
    ['concurrency without mutations', { url, concurrency: 2 }, 'concurrency'],
    ['half a request at once', { url, concurrency: 0.5, mutations: {} }, 'concurrency'],
    ['an error code nobody knows', { url, errorCodes: { FULL: 'full' } }, 'errorCodes.FULL'],
    ['errorCodes null', { url, errorCodes: null }, 'errorCodes'],
    ['mutations null', { url, mutations: null }, 'mutations'],
    ['mutations as text', { url, mutations: 'mutation { a }' }, 'mutations'],
    ['a table without mutations', { url, mutations: { todos: null } }, 'mutations.todos'],
    ['another op', { url, mutations: { todos: { UPSERT: put } } }, 'mutations.todos.UPSERT'],
    ['an op in small letters', { url, mutations: { todos: { put } } }, 'mutations.todos.put'],
    ['a mutation that is a text', { url, mutations: { todos: { PUT: 'm' } } }, 'mutations.todos.PUT'],
    [
      'a parsed document',
      { url, mutations: { todos: { PUT: { ...put, mutation: { kind: 'Document' } } } } },
      'mutations.todos.PUT.mutation',
    ],
    [
      'an empty document',
      { url, mutations: { todos: { PUT: { ...put, mutation: '' } } } },
      'mutations.todos.PUT.mutation',
    ],
    [
      'variables that are fixed',
      { url, mutations: { default: { DELETE: { ...put, variables: {} } } } },
      'mutations.default.DELETE.variables',
    ],
    [
      'an outcome that is no function',
      { url, mutations: { todos: { PUT: { ...put, outcome: 'applied' } } } },
      'mutations.todos.PUT.outcome',
    ],
    [
      'a misspelt member',
      { url, mutations: { todos: { PUT: { ...put, variable: () => ({}) } } } },
      'mutations.todos.PUT.variable',
    ],
  ])('%s is a TypeError that names the option', (_, options, name) => {
    const make = () => graphql(options as never);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(`"${name}"`);
  });

  it('undefined means the default, everywhere', () => {
    const none = {
      headers: undefined,
      maxTransactions: undefined,
      maxBodyBytes: undefined,
      concurrency: undefined,
      errorCodes: undefined,
    };
    expect(graphql({ url, mutations: undefined, ...none }).url).toBe(url);
    const mutations = { todos: { PUT: { ...put, outcome: undefined }, PATCH: undefined } };
    expect(graphql({ url, mutations, ...none }).url).toBe(url);
  });

  it('takes a function of the entry as mutations', () => {
    expect(graphql({ url, mutations: () => put, concurrency: 4 }).url).toBe(url);
  });
});
