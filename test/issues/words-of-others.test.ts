import { inspect } from 'node:util';
import vm from 'node:vm';
import { isUploadError, UploadError } from 'powersync-backend-connector';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { describe, expect, it } from 'vitest';
import { testConnector } from '../support/connector.ts';

// Somebody tried to get a row or a token into an error. Urls with brackets and quotes in them were cut too early; a class of the
// app called `UploadError` passed unfiltered; and a platform's first words let the rest of a message through.

const with_ = (message: string, members: object = {}, Type: ErrorConstructor = Error) =>
  Object.assign(new Type(message), members);

/** All that could be seen of a thrown value. */
function shown(thrown: unknown): string {
  const around = new UploadError('invalid', 'No.', { cause: thrown });
  return inspect([UploadError.from(thrown), around, JSON.stringify(around)], { depth: 10, showHidden: true });
}

const words = (thrown: unknown) => UploadError.from(thrown).cause?.message;

describe('a url in a message ends with its origin', () => {
  it.each([
    "error sending request for url (https://api.test:1/rows/x(SECRET)y'SECRET')",
    "error sending request for url (https://api.test/Users('SECRET')): connection refused",
    'error sending request for url (https://a:SECRET@SECRET@api.test/)',
    'error sending request for url (https://a:SE"CRET@api.test/)',
    'error sending request for url (https://api.test#SECRET)',
    'error sending request for url (https://api.test;SECRET)',
    'request to https://api.test/todos?email=in.(SECRET) failed, reason: socket hang up',
    "The operation was aborted: GET https://api.test/users/('SECRET')",
  ])('%s', (message) => {
    for (const members of [{}, { name: 'AbortError' }, { code: 'ECONNRESET' }])
      expect(shown(with_(message, members, TypeError))).not.toContain('SECRET');
  });

  it('in the words of credentials, which are shown', async () => {
    const said = async (message: string) => {
      const db = memoryDatabase();
      await db.put('lists', 'a', {});
      const { connector } = testConnector({
        credentials: async () => {
          throw new Error(message);
        },
        transport: async (_, { token }) => [await token()] as never,
      });
      return ((await connector.drain(db)).error as UploadError).cause?.message;
    };
    expect(await said(`GET "https://id.test/t?key=('SECRET')" failed (see https://id.test/x(SECRET)).`)).toBe(
      `GET "https://id.test/" failed (see https://id.test/).`,
    );
    expect(await said('GET https://id.test/, then https://[::1]:8/SECRET.')).toBe(
      'GET https://id.test/, then https://.',
    );
  });
});

describe('an error of another class called UploadError', () => {
  const name = 'UploadError';
  const request = { headers: { authorization: 'Bearer SECRET' } };

  it.each([
    with_('[S3] SECRET was not stored', { name }),
    with_('SECRET was not stored', { name, request }),
    with_('[invalid]SECRET', { name }),
    with_('[invalid] SECRET', { name, code: 'S3' }),
    with_('[invalid] SECRET', { name, code: 'conflict' }),
    with_('around', { cause: with_('SECRET', { name, request }) }),
  ])('is the app’s (%#)', (thrown) => {
    expect(isUploadError(thrown)).toBe(false);
    expect(UploadError.from(thrown).code).toBe('unknown');
    expect(shown(thrown)).not.toContain('SECRET');
  });

  it('gives nothing but its message, if that looks like one of this library', () => {
    const error = UploadError.from(
      with_('[invalid] No.', { name, request, budget: request, status: request }),
    );
    expect(error).toMatchObject({ code: 'invalid', message: '[invalid] No.' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('SECRET');
  });

  it('thrown by a transform, is told by op and table', async () => {
    const db = memoryDatabase();
    await db.put('photos', 'a', { path: 'SECRET' });
    const { connector, events } = testConnector({
      transform: ([entry]) => {
        throw with_(`[S3] ${entry?.opData?.path} was not stored`, { name });
      },
    });
    const { error } = await connector.drain(db);
    expect(inspect([error, events, connector.status], { depth: 10, showHidden: true })).not.toContain(
      'SECRET',
    );
  });
});

it('a subclass, and an error of another copy, are upload errors whatever their message is', () => {
  class Refused extends UploadError {
    constructor(field: string) {
      super('invalid', `${field} is wrong`);
      this.message = `Refused: ${field} is wrong`;
    }
  }
  const error = new Refused('name');
  expect(isUploadError(error)).toBe(true);
  expect(UploadError.from(error)).toBe(error);
  expect(new UploadError('unknown', '', { cause: error }).cause).toBe(error);
});

describe('only the words that platforms use are kept', () => {
  it.each([
    [with_('INSERT INTO users VALUES (SECRET)', { code: 'ECONNRESET' }), 'ECONNRESET'],
    [with_('read ECONNRESET SECRET!', { code: 'ECONNRESET' }), 'ECONNRESET'],
    [with_('Failed to fetch todo SECRET', {}, TypeError), 'Failed to fetch'],
    [with_('Load failed (SECRET)', {}, TypeError), 'Load failed'],
    [with_('SECRET: net::ERR_CONNECTION_RESET for SECRET'), 'net::ERR_CONNECTION_RESET'],
    [with_('internal error; reference = SECRET'), 'internal error'],
    [with_('Error Domain=NSURLErrorDomain Code=-1009 UserInfo={SECRET}'), 'NSURLErrorDomain Code=-1009'],
    [with_('failed to connect to SECRET'), 'failed to connect'],
    [with_('row SECRET: UNIQUE constraint failed: t.a, t.b (SECRET)'), 'UNIQUE constraint failed: t.a, t.b'],
    [with_('UNIQUE constraint failed: SECRET'), 'UNIQUE constraint failed'],
    [with_('CHECK constraint failed: SECRET'), 'CHECK constraint failed'],
    [with_("SQLITE_CONSTRAINT: sqlite error: 'SECRET' is taken"), 'SQLITE_CONSTRAINT'],
    [
      with_('Error code 19: NOT NULL constraint failed: t.a (SQLITE_CONSTRAINT)'),
      'NOT NULL constraint failed: t.a: SQLITE_CONSTRAINT',
    ],
  ])('%s', (thrown, kept) => {
    expect(shown(thrown)).not.toContain('SECRET');
    expect(new UploadError('unknown', '', { cause: thrown }).cause?.message).toBe(kept);
  });

  it.each([
    with_('getaddrinfo ENOTFOUND api.test', { code: 'ENOTFOUND' }),
    with_('connect ECONNREFUSED 10.0.0.1:443', { code: 'ECONNREFUSED' }),
    with_('error sending request for url (https://api.test/)', {}, TypeError),
    with_('The Internet connection appears to be offline.', {}, TypeError),
    with_('Unable to resolve host "api.test"'),
  ])('in full, with the host: %s', (thrown) => {
    expect(UploadError.from(thrown).cause).toBe(thrown);
  });

  it('not those of a `NetworkError` of the app', () => {
    const thrown = with_('could not send SECRET', { name: 'NetworkError' });
    expect(UploadError.from(thrown).code).toBe('network');
    expect(shown(thrown)).not.toContain('SECRET');
  });
});

it('a name is kept if it is that of a class of errors', () => {
  const nameOf = (name: string) => UploadError.from(with_('x', { name })).cause?.name;
  for (const name of ['Error', 'RangeError', 'DOMException', 'PrismaClientError'])
    expect(nameOf(name)).toBe(name);
  for (const name of ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ', 'ann', 'ann@test.Error', 'ErrorOfAnn'])
    expect(nameOf(name)).toBe('Error');
});

it('an error of another realm keeps its name and its cause', () => {
  const thrown = vm.runInNewContext('new RangeError("SECRET", { cause: new TypeError("fetch failed") })');
  const error = UploadError.from(thrown);
  expect(error).toMatchObject({
    code: 'network',
    cause: { name: 'RangeError', cause: { message: 'fetch failed' } },
  });
  expect(shown(thrown)).not.toContain('SECRET');
  expect(words(vm.runInNewContext('new RangeError("x")'))).toMatch(/withheld/);
});

it('an outcome without its error says so', async () => {
  const db = memoryDatabase();
  await db.put('lists', 'a', {});
  const { connector } = testConnector({ transport: async () => [{ status: 'rejected' } as never] });
  const { error } = await connector.drain(db);
  expect(error?.detail).toMatch(/^Expected an error, thrown or in an outcome, but got undefined\./);
});

it('the advice of this library is seen, where a function of the app ran into it', async () => {
  const db = memoryDatabase();
  await db.put('lists', 'a', {});
  const { connector } = testConnector({
    transport: async () => {
      throw new UploadError('unavailable', 'Later.');
    },
  });
  const { error, cleared } = await connector.drainAndClear(db as never, {
    unsent: 'export',
    timeoutMs: 1,
    export: () => connector.setOwner(db, 'ann'),
  });
  expect(cleared).toBe(false);
  expect(error?.cause?.message).toBe(
    'Not allowed in "export" of drainAndClear(). Call it after drainAndClear() ends.',
  );
});
