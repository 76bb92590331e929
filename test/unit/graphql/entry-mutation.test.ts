import { UploadError, type UploadErrorCode } from 'powersync-backend-connector';
import type { EntryMutation, EntryOutcome, Mutations } from 'powersync-backend-connector/graphql';
import { describe, expect, it } from 'vitest';
import { encodeEntry, mutationOf, readEntryAnswer } from '../../../src/graphql/entry-mutation.ts';
import { readAnswer } from '../../../src/graphql/graphql-answer.ts';
import { anEntry } from '../../support/fake-queue.ts';

const named = (mutation: string): EntryMutation => ({ mutation, variables: ({ id }) => ({ id }) });

function failure(run: () => unknown): UploadError {
  try {
    throw new Error(`It returned ${JSON.stringify(run())}`);
  } catch (error) {
    if (error instanceof UploadError) return error;
    throw error;
  }
}

describe('which mutation an entry gets', () => {
  const mutations: Mutations = {
    todos: { PUT: named('put todo'), DELETE: named('delete todo') },
    'audit_*': { PUT: named('put audit') },
    default: { PUT: named('put anything'), PATCH: named('patch anything') },
  };

  it.each([
    ['PUT', 'todos', 'put todo'],
    ['DELETE', 'todos', 'delete todo'],
    ['PUT', 'audit_log', 'put audit'],
    ['PATCH', 'lists', 'patch anything'],
    ['PUT', 'constructor', 'put anything'],
    ['PUT', '__proto__', 'put anything'],
  ])('%s of %s: %s', (op, table, expected) => {
    expect(mutationOf(mutations, anEntry({ op, table })).mutation).toBe(expected);
  });

  it.each([
    ['PATCH', 'todos'],
    ['DELETE', 'audit_log'],
    ['DELETE', 'lists'],
    ['toString', 'todos'],
  ])('%s of %s has none: kept, with an error that names both', (op, table) => {
    const error = failure(() => mutationOf(mutations, anEntry({ op, table, id: 'SECRET' })));
    expect(error.code).toBe('misconfigured');
    expect(error.message).toContain(op);
    expect(error.message).toContain(`"${table}"`);
    expect(error.message).not.toContain('SECRET');
  });

  it('may be chosen by a function of the entry', () => {
    const choose = ({ table, op }: { table: string; op: string }) =>
      table === 'todos' ? named(`${op} it`) : undefined;
    expect(mutationOf(choose, anEntry({ table: 'todos' })).mutation).toBe('PUT it');
    expect(failure(() => mutationOf(choose, anEntry({ table: 'lists' }))).message).toContain('"lists"');
  });

  it.each([[null], ['mutation { a }'], [{}], [{ mutation: 'mutation { a }' }], [{ variables: () => ({}) }]])(
    'a function that answers %j chose none',
    (chosen) => {
      expect(failure(() => mutationOf(() => chosen as never, anEntry())).code).toBe('misconfigured');
    },
  );
});

describe('the request of an entry', () => {
  const entry = anEntry({ id: '") { x } #', opData: { name: '"}' }, table: 'lists' });

  it('is the text as it stands, and variables by the entry and its key', async () => {
    const mutation: EntryMutation = {
      mutation: 'mutation ($id: ID!) { put(id: $id) { id } }',
      variables: ({ id, opData }, { key }) => ({ id, object: opData, key }),
    };
    expect(JSON.parse(await encodeEntry(mutation, entry, 'client:1'))).toEqual({
      query: 'mutation ($id: ID!) { put(id: $id) { id } }',
      variables: { id: '") { x } #', object: { name: '"}' }, key: 'client:1' },
    });
  });

  it('waits for variables that take time', async () => {
    const variables = async () => ({ sealed: 'x' });
    expect(JSON.parse(await encodeEntry({ mutation: 'm', variables }, entry, 'k')).variables).toEqual({
      sealed: 'x',
    });
  });

  it.each([
    ['a promise', { input: Promise.resolve({ a: 1 }) }],
    ['a promise in a list', { inputs: [{ a: Promise.resolve(1) }] }],
    ['a function', { input: () => 1 }],
    ['a map', { input: new Map([['a', 1]]) }],
  ])('variables that hold %s, which would be sent as {} or not at all: kept', async (_, variables) => {
    const made = encodeEntry({ mutation: 'm', variables: () => variables }, entry, 'k');
    await expect(made).rejects.toMatchObject({ code: 'misconfigured' });
  });

  it('takes dates, and members that are undefined', async () => {
    const variables = () => ({ at: new Date(0), none: undefined, list: [1, null], odd: Number.NaN });
    const body = JSON.parse(await encodeEntry({ mutation: 'm', variables }, entry, 'k'));
    expect(body.variables).toEqual({ at: '1970-01-01T00:00:00.000Z', list: [1, null], odd: null });
  });

  it.each([[undefined], [null], ['id'], [[1]]])('variables that are %j: kept', async (variables) => {
    const made = encodeEntry({ mutation: 'm', variables: () => variables as never }, entry, 'k');
    await expect(made).rejects.toMatchObject({ code: 'misconfigured' });
  });
});

describe('what became of an entry', () => {
  const read = (op: string, body: object, more: Partial<EntryMutation> = {}, status = 200): EntryOutcome =>
    readEntryAnswer(
      readAnswer({ status, headers: new Headers(), text: JSON.stringify(body) }),
      anEntry({ op, table: 'todos' }),
      { ...named('m'), ...more },
      { errorCodes: { LIST_IS_FULL: 'conflict', GONE: 'not_found' } },
    );
  const failed = (code: string | undefined, path: unknown = ['write'], data: unknown = { write: null }) => ({
    data,
    errors: [{ message: 'words of the backend', path, extensions: { code } }],
  });

  it.each(['PUT', 'PATCH', 'DELETE'])('%s is applied when its field has a value', (op) => {
    for (const value of [{ id: 'a' }, [], {}, true, 1, 0, ''])
      expect(read(op, { data: { write: value } })).toEqual({ status: 'applied' });
  });

  it.each<[string, unknown, string, UploadErrorCode | undefined, boolean?]>([
    ['PUT', null, 'rejected', 'conflict', false],
    ['PATCH', null, 'rejected', 'not_found', true],
    ['DELETE', null, 'applied', undefined],
    // What failed isn't said, so it may be an outage.
    ['PUT', false, 'rejected', 'unclassified', false],
    ['PATCH', false, 'rejected', 'unclassified', false],
    ['DELETE', false, 'rejected', 'unclassified', false],
  ])('%s with a field that is %s: %s %s', (op, value, status, code, inBand) => {
    expect(read(op, { data: { write: value } })).toMatchObject({
      status,
      ...(code && { inBand, error: { code }, details: { data: { write: value } } }),
    });
  });

  it('is not applied when one of several fields is null', () => {
    expect(read('PUT', { data: { a: { id: 1 }, b: null } })).toMatchObject({ status: 'rejected' });
  });

  it.each([
    null,
    true,
    'applied',
    {},
    { status: 'ok' },
    { status: 'rejected' },
    { status: 'retry', error: 'x' },
  ])('an outcome() that answers %j keeps it', (said) => {
    const run = () => read('PUT', { data: { write: { id: 'a' } } }, { outcome: () => said as never });
    expect(failure(run).code).toBe('misconfigured');
  });

  it('an answer without any field keeps it', () => {
    expect(failure(() => read('PUT', { data: {} })).code).toBe('misconfigured');
  });

  it.each<[string, string, UploadErrorCode | undefined, string]>([
    ['PUT', 'NOT_FOUND', 'not_found', 'rejected'],
    ['PATCH', 'NOT_FOUND', 'not_found', 'rejected'],
    ['DELETE', 'NOT_FOUND', undefined, 'applied'],
    ['DELETE', 'GONE', undefined, 'applied'],
    ['DELETE', 'FORBIDDEN', 'forbidden', 'rejected'],
    ['PUT', 'LIST_IS_FULL', 'conflict', 'rejected'],
    ['PUT', 'CONFLICT', 'conflict', 'rejected'],
    ['PUT', 'INTERNAL_SERVER_ERROR', 'unavailable', 'retry'],
    ['PUT', 'SOMETHING_ELSE', 'unclassified', 'rejected'],
  ])('%s that is answered %s: %s %s', (op, own, code, status) => {
    const outcome = read(op, failed(own));
    expect(outcome.status).toBe(status);
    if (outcome.status !== 'applied') expect(outcome.error.code).toBe(code);
    if (outcome.status === 'rejected')
      expect(outcome).toMatchObject({
        inBand: true,
        details: { message: 'words of the backend', extensions: { code: own } },
      });
  });

  it.each<[string, object]>([
    ['no path', failed('NOT_FOUND', null, null)],
    ['an empty path', failed('NOT_FOUND', [], null)],
  ])('a DELETE with NOT_FOUND and %s is not taken for applied', (_, body) => {
    expect(read('DELETE', body)).toMatchObject({ status: 'rejected', inBand: false });
  });

  it('a DELETE with NOT_FOUND and something else is not taken for applied', () => {
    const errors = ['NOT_FOUND', 'CONFLICT'].map((code) => ({
      message: code,
      path: ['write'],
      extensions: { code },
    }));
    expect(read('DELETE', { data: { write: null }, errors })).toMatchObject({ status: 'rejected' });
  });

  it.each<[boolean, string, unknown]>([
    [true, 'CONFLICT', ['write']],
    [false, 'CONFLICT', null],
    [false, 'BAD_USER_INPUT', null],
    [true, 'constraint-violation', null],
    [true, '23505', null],
    [false, 'parse-failed', null],
  ])('%s: said of the entry, and not of the request (%s at %j)', (inBand, code, path) => {
    expect(read('PUT', failed(code, path))).toMatchObject({ status: 'rejected', inBand });
  });

  it('an error within a value that is there keeps the entry: the write itself went well', () => {
    const body = failed('FORBIDDEN', ['write', 'owner'], { write: { id: 'a', owner: null } });
    expect(read('PUT', body)).toMatchObject({ status: 'retry', error: { code: 'misconfigured' } });
  });

  it('an error of no field beside complete data neither applies nor rejects it', () => {
    const body = failed('CONFLICT', null, { write: { id: 'a' } });
    expect(read('PUT', body)).toMatchObject({ status: 'retry', error: { code: 'misconfigured' } });
  });

  it('an error of one field beside the value of another is the outcome', () => {
    const body = failed('CONFLICT', ['second'], { first: { id: 'a' }, second: null });
    expect(read('PUT', body)).toMatchObject({ status: 'rejected', error: { code: 'conflict' } });
  });

  it('is read by the rules of the app where it has some', () => {
    const refused: EntryOutcome = { status: 'rejected', error: new UploadError('invalid', 'Too long') };
    const outcome: EntryMutation['outcome'] = ({ data, errors }, { op }) => {
      if (errors.length > 0) return op === 'DELETE' ? { status: 'applied' } : undefined;
      const { userErrors = [] } = (data?.write ?? {}) as { userErrors?: unknown[] };
      return userErrors.length > 0 ? refused : undefined;
    };
    expect(read('PUT', { data: { write: { userErrors: ['too long'] } } }, { outcome })).toBe(refused);
    expect(read('PUT', { data: { write: { userErrors: [] } } }, { outcome })).toEqual({ status: 'applied' });
    expect(read('DELETE', failed(undefined), { outcome })).toEqual({ status: 'applied' });
    expect(read('PUT', failed('CONFLICT'), { outcome })).toMatchObject({ error: { code: 'conflict' } });
  });
});
