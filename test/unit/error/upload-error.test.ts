import { inspect } from 'node:util';
import fc from 'fast-check';
import { HTTPError, NetworkError, TimeoutError } from 'ky';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import type { UploadErrorCode } from '../../../src/error/codes.ts';
import { ownError } from '../../../src/error/own-error.ts';
import { isUploadError, UploadError } from '../../../src/error/upload-error.ts';

const CODES: readonly UploadErrorCode[] = [
  'network',
  'timeout',
  'throttled',
  'unavailable',
  'unauthenticated',
  'misconfigured',
  'schema_mismatch',
  'aborted',
  'unknown',
  'unclassified',
  'invalid',
  'forbidden',
  'not_found',
  'conflict',
  'too_large',
];
expectTypeOf<(typeof CODES)[number]>().toEqualTypeOf<UploadErrorCode>();

/** What is left of an error on the other side of the SDK's shared worker. */
const crossed = ({ name, message, stack }: Error) => ({ name, message, stack });

/** The class of another copy of the package, as bundlers make them. */
async function anotherCopy(): Promise<typeof UploadError> {
  vi.resetModules();
  const copy = await import('../../../src/error/upload-error.ts');
  expect(copy.UploadError).not.toBe(UploadError);
  return copy.UploadError;
}

const WITHHELD = 'The message is withheld: it may hold row data.';

describe('detail', () => {
  it('is the message without its code, also of an error that crossed a worker', () => {
    const error = new UploadError('unavailable', 'The warehouse is [closed].');
    expect(error.message).toBe('[unavailable] The warehouse is [closed].');
    expect(error.detail).toBe('The warehouse is [closed].');
    const { name, message } = error;
    expect(UploadError.from({ name, message }).detail).toBe('The warehouse is [closed].');
  });

  it('does not depend on the code, nor on whose message it is', () => {
    class Other extends UploadError {
      override readonly code = 'conflict' as const;
    }
    expect(new Other('invalid', 'The name is too long.').detail).toBe('The name is too long.');
    const changed = new UploadError('invalid', 'x');
    changed.message = 'Sub: the name is too long.';
    expect(changed.detail).toBe('Sub: the name is too long.');
    expect(new Proxy(new UploadError('invalid', 'No.'), {}).detail).toBe('No.');
    expect(UploadError.prototype.detail).toBe('');
  });
});

describe('UploadError', () => {
  it('is an Error with a name, a code and a message that begins with the code', () => {
    const error = new UploadError('conflict', 'Somebody was faster.');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'UploadError', code: 'conflict' });
    expect(error.message).toBe('[conflict] Somebody was faster.');
  });

  it('carries what it is given, and has no member for what it is not', () => {
    const budget = { attempts: 3, minMs: 1000 };
    const full = new UploadError('unclassified', 'What?', { status: 400, retryAfterMs: 0, budget });
    expect(full).toMatchObject({ status: 400, retryAfterMs: 0, budget });
    const bare = new UploadError('unknown', '', {
      status: undefined,
      retryAfterMs: undefined,
      budget: undefined,
    });
    for (const member of ['status', 'retryAfterMs', 'budget', 'cause'])
      expect(member in bare, member).toBe(false);
  });

  it('keeps name and places of a cause, and withholds its message: the code of an app quotes rows', () => {
    const cause = new RangeError('SECRET\n    at SECRET (SECRET:1:1)');
    const kept = new UploadError('unknown', '', { cause }).cause;
    expect(kept).toBeInstanceOf(Error);
    expect(kept).toMatchObject({ name: 'RangeError', message: WITHHELD });
    expect(kept?.stack?.split('\n')[0]).toBe(`RangeError: ${WITHHELD}`);
    expect(kept?.stack).toMatch(/at .*upload-error\.test\.ts:\d+:\d+/);
    expect(inspect(kept, { depth: 10, showHidden: true })).not.toContain('SECRET');
  });

  it.each<[string, () => unknown]>([
    ['JSON.parse', () => JSON.parse('{"SECRET')],
    ['BigInt', () => BigInt('SECRET')],
    ['a date that is none', () => new Date(Number.NaN).toISOString()],
    ['an assertion of the app', () => expect('SECRET').toBe('')],
    ['a name', () => Promise.reject(Object.assign(new Error('x'), { name: 'row of SECRET' }))],
    [
      'a message that was changed',
      () => Promise.reject(Object.assign(new Error('SECRET'), { message: 'x' })),
    ],
    ['an error behind', () => Promise.reject(new Error('x', { cause: new Error('SECRET') }))],
    [
      'one behind that of a connection',
      () => Promise.reject(new TypeError('fetch failed', { cause: new Error('SECRET') })),
    ],
    ['words that begin as a platform does', () => Promise.reject(new Error('Failed to fetch SECRET'))],
    [
      'a tRPC server that says so',
      () =>
        Promise.reject(
          Object.assign(new Error('Failed to fetch SECRET'), {
            name: 'TRPCClientError',
            data: { httpStatus: 500 },
          }),
        ),
    ],
    ['members', () => Promise.reject(Object.assign(new TypeError('fetch failed'), { row: 'SECRET' }))],
    ['errors of several', () => Promise.reject(new AggregateError([new Error('SECRET')], 'SECRET'))],
    [
      'a url with the key of a row',
      () =>
        Promise.reject(
          new TypeError('error sending request for url (https://a:SECRET@api.test/todos/SECRET?id=SECRET)'),
        ),
    ],
  ])('what is thrown by %s reaches nobody, from() included', async (_, run) => {
    const thrown = await Promise.resolve()
      .then(run)
      .catch((error: unknown) => error);
    for (const error of [UploadError.from(thrown), new UploadError('invalid', 'No.', { cause: thrown })]) {
      expect(error.cause).toBeInstanceOf(Error);
      for (let each: unknown = error; each instanceof Error; each = each.cause)
        expect(`${each.name} ${each.message} ${each.stack} ${JSON.stringify(each)}`).not.toContain('SECRET');
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('SECRET');
    }
  });

  it('keeps what a cause of this library says', () => {
    const cause = new UploadError('invalid', 'The column is too long.');
    expect(new UploadError('unavailable', 'Later.', { cause }).cause).toBe(cause);
    const { cause: kept } = new UploadError('invalid', '', { cause: ownError('Expected 0 or 1.') });
    expect(kept?.message).toBe('Expected 0 or 1.');
  });

  it('a cause that cannot be read is none', () => {
    const cause = new Proxy(new Error('x'), {
      get() {
        throw new Error('SECRET');
      },
    });
    expect(new UploadError('unknown', '', { cause }).cause).toBeUndefined();
  });

  it('withholds a message of any length in no time', () => {
    for (const part of ['x', ' ', '\n', 'at ', 'at x:1', '@', 'a@b:1:1\n', 'https://', 'a', '://']) {
      const cause = new TypeError(`fetch failed ${part.repeat(500_000 / part.length)}`);
      const started = performance.now();
      expect(UploadError.from(cause).code).toBe('network');
      UploadError.from(new Error(part.repeat(500_000 / part.length)));
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });

  /** An error as HTTP clients throw it, which carries a token, perhaps behind another error. */
  const carrying = (members: object) => Object.assign(new RangeError('Request failed'), members);
  const headers = new Headers({ authorization: 'Bearer SECRET' });
  const request = new Request('https://api.example.com', { headers });

  it.each<[string, object]>([
    ['request', { request }],
    ['config', { config: { headers: { authorization: 'Bearer SECRET' } } }],
    ['response', { response: { headers, data: 'SECRET' } }],
  ])('keeps only the text of a cause with a %s: it carries the token', (_, members) => {
    const cause = carrying(members);
    const kept = new UploadError('unknown', '', { cause }).cause;
    expect(kept).toBeInstanceOf(Error);
    expect(kept).not.toBe(cause);
    expect(kept).toMatchObject({ name: 'RangeError', message: WITHHELD });
    expect(inspect(kept, { depth: 10, showHidden: true })).not.toContain('SECRET');
  });

  it('keeps no request that is behind the cause, as where an app wraps what its client threw', () => {
    const cause = new Error('upload failed', { cause: carrying({ request }) });
    const error = new UploadError('unknown', '', { cause });
    expect(error.cause).toMatchObject({ name: 'Error', message: WITHHELD, cause: { name: 'RangeError' } });
    expect(inspect(error, { depth: 10 })).not.toContain('SECRET');
  });

  it.each([
    ['text', 'the body'],
    ['an object', { row: 'data' }],
    ['null', null],
    ['a function', () => {}],
    ['undefined', undefined],
  ])('drops a cause that is %s: it may hold data, and sync status may be serialised', (_, cause) => {
    expect(new UploadError('unknown', '', { cause })).not.toHaveProperty('cause');
  });

  it('can be turned to JSON, cyclic causes and all', () => {
    const cause = new Error('around') as Error & { self?: unknown };
    cause.self = cause;
    cause.cause = cause;
    const error = new UploadError('throttled', 'Later.', { status: 429, retryAfterMs: 5, cause });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'UploadError',
      code: 'throttled',
      status: 429,
      retryAfterMs: 5,
    });
  });
});

describe('UploadError.from', () => {
  it('keeps an upload error as the very object, so that sync status notifies once', () => {
    const error = new UploadError('invalid', 'No.');
    expect(UploadError.from(error)).toBe(error);
  });

  it.each(CODES)('reads back %s after it crossed a worker and lost its class', (code) => {
    const error = UploadError.from(crossed(new UploadError(code, 'A reason.')));
    expect(error).toBeInstanceOf(UploadError);
    expect(error).toMatchObject({ code, message: `[${code}] A reason.` });
  });

  it('reads back a message of several lines, and an empty one', () => {
    expect(UploadError.from(crossed(new UploadError('invalid', 'one\n[conflict] two'))).message).toBe(
      '[invalid] one\n[conflict] two',
    );
    expect(UploadError.from(crossed(new UploadError('conflict', ''))).code).toBe('conflict');
  });

  it('takes an upload error of another copy of the package with all it carries', async () => {
    const Other = await anotherCopy();
    const cause = new TypeError('fetch failed');
    const error = UploadError.from(
      new Other('throttled', 'Later.', {
        status: 429,
        retryAfterMs: 7,
        budget: { attempts: 1, minMs: 2 },
        cause,
      }),
    );
    expect(error).toBeInstanceOf(UploadError);
    expect(error).toMatchObject({
      code: 'throttled',
      message: '[throttled] Later.',
      status: 429,
      retryAfterMs: 7,
      budget: { attempts: 1, minMs: 2 },
      cause,
    });
  });

  it('does not read the code of a structured clone, which has the name of any error', () => {
    const error = UploadError.from(structuredClone(new UploadError('invalid', 'SECRET')));
    expect(error.code).toBe('unknown');
    expect(inspect(error, { depth: 10 })).not.toContain('SECRET');
  });

  it('reads a code outside the closed set as unknown', () => {
    for (const code of ['banana', 'INVALID', 'constructor', 'toString', '__proto__']) {
      const error = UploadError.from({ name: 'UploadError', message: `[${code}] What?` });
      expect(error.code).toBe('unknown');
    }
  });

  it('reads a code only where a message begins with it', () => {
    const error = UploadError.from({ name: 'UploadError', message: 'SECRET said [invalid] once' });
    expect(error.code).toBe('unknown');
    expect(error.message).not.toContain('once');
  });

  it('does not take a code from the message of any other error', () => {
    expect(UploadError.from(new Error('[invalid] not ours')).code).toBe('unknown');
  });

  it.each([
    ['Chromium', new TypeError('Failed to fetch')],
    ['Firefox', new TypeError('NetworkError when attempting to fetch resource.')],
    ['Safari', new TypeError('Load failed')],
    ['React Native', new TypeError('Network request failed')],
    ['Node', new TypeError('fetch failed')],
    ['Node, in the middle of a body', new TypeError('terminated')],
    ['Deno', new TypeError('error sending request for url (https://api.example.com/)')],
    ['a NetworkError by name', Object.assign(new Error('Network error'), { name: 'NetworkError' })],
  ])('reads a failed fetch as network: %s', (_, thrown) => {
    expect(UploadError.from(thrown)).toMatchObject({ code: 'network', cause: thrown });
  });

  it("takes the platform's error behind that of ky as the cause, without the request", () => {
    const cause = new TypeError('fetch failed');
    const error = UploadError.from(new NetworkError(new Request('https://api.example.com'), { cause }));
    expect(error.code).toBe('network');
    expect(error.cause).toBe(cause);
  });

  it("keeps only the text of ky's other errors, which carry the request", () => {
    const headers = { authorization: 'Bearer SECRET' };
    const request = new Request('https://api.example.com', { headers });
    for (const thrown of [
      new TimeoutError(request),
      new HTTPError(new Response('SECRET'), request, { headers } as never),
    ]) {
      const error = UploadError.from(thrown);
      expect(error.cause).toMatchObject({ name: thrown.name });
      expect(inspect(error, { depth: 10 })).not.toContain('SECRET');
    }
  });

  it('reads an abort as aborted and a time-out as timeout, by name and not by class', () => {
    expect(UploadError.from(new DOMException('aborted', 'AbortError')).code).toBe('aborted');
    expect(UploadError.from(AbortSignal.abort().reason).code).toBe('aborted');
    expect(UploadError.from(new DOMException('slow', 'TimeoutError')).code).toBe('timeout');
    expect(UploadError.from({ name: 'AbortError', message: 'a polyfill' }).code).toBe('aborted');
  });

  it.each<[string, unknown]>([
    ['a fault in the code', new TypeError("Cannot read properties of undefined (reading 'id')")],
    ['a plain Error', new Error('out of cheese')],
    ['text', 'Token eyJhbGciOi'],
    ['null', null],
    ['undefined', undefined],
    ['a number', 42],
    ['NaN', Number.NaN],
    ['a bigint', 10n],
    ['a symbol', Symbol('secret')],
    ['a function', () => 'secret'],
    ['an array', ['UploadError']],
    ['an object without prototype', Object.create(null)],
    ['a Response', new Response('secret', { status: 500 })],
    ['an upload error without a message', { name: 'UploadError' }],
    ['an upload error whose message has no code', { name: 'UploadError', message: 'no code' }],
    ['an upload error whose message is no text', { name: 'UploadError', message: 5 }],
  ])('reads %s as unknown, which is retried: a bug must not delete data', (_, thrown) => {
    const error = UploadError.from(thrown);
    expect(error.code).toBe('unknown');
    expect(error.cause?.message).toBe(thrown instanceof Error ? WITHHELD : undefined);
  });

  it.each<[unknown, string]>([
    ['text', 'Expected an error, thrown or in an outcome, but got string'],
    [undefined, 'Expected an error, thrown or in an outcome, but got undefined'],
    [null, 'Expected an error, thrown or in an outcome, but got null'],
    [
      { name: 'UploadError', message: 'no code' },
      'Expected an error, thrown or in an outcome, but got object',
    ],
    [new RangeError('SECRET'), 'Unexpected RangeError (see cause)'],
    [Object.assign(new Error('x'), { name: 'app.RowError$1' }), 'Unexpected Error (see cause)'],
    [Object.assign(new Error('x'), { name: 'row of SECRET' }), 'Unexpected Error (see cause)'],
    [Object.assign(new Error('x'), { name: 'SECRET!' }), 'Unexpected Error (see cause)'],
    [Object.assign(new Error('x'), { name: 'x'.repeat(65) }), 'Unexpected Error (see cause)'],
  ])('says what kind of thing was thrown (%#)', (thrown, what) => {
    expect(UploadError.from(thrown).detail).toBe(`${what}. The writes stay queued.`);
  });

  it.each([
    ['ECONNABORTED', 'timeout'],
    ['ETIMEDOUT', 'timeout'],
    ['ECONNREFUSED', 'network'],
    ['ETIMEDOUT_OF_DNS', 'network'],
    ['WSAETIMEDOUT', 'unknown'],
    ['ERR_BAD_REQUEST', 'unknown'],
  ])('reads the code %s of axios as %s', (code, expected) => {
    const thrown = Object.assign(new Error('x'), { name: 'AxiosError', code });
    const error = UploadError.from(thrown);
    expect(error.code).toBe(expected);
    expect(error.cause).toMatchObject({ name: 'AxiosError' });
    if (expected === 'timeout') expect(error.detail).toBe('The request timed out.');
  });

  it.each([
    ['an error with the class of tRPC', 'CONFLICT', 409, 'conflict'],
    ['bad input', 'BAD_REQUEST', 400, 'invalid'],
    ['a token', 'UNAUTHORIZED', 401, 'unauthenticated'],
    ['no right', 'FORBIDDEN', 403, 'forbidden'],
    ['too much', 'PAYLOAD_TOO_LARGE', 413, 'too_large'],
    ['a server that failed', 'INTERNAL_SERVER_ERROR', 500, 'unavailable'],
    ['a row, or a procedure, that is not there', 'NOT_FOUND', 404, 'unclassified'],
  ])('reads what a tRPC server said: %s (%s)', (_, code, httpStatus, expected) => {
    const named = (members: object) =>
      Object.assign(new Error('SECRET'), { name: 'TRPCClientError' }, members);
    for (const members of [
      { data: { code, httpStatus } },
      { data: { code } },
      { shape: { data: { code } } },
    ]) {
      const error = UploadError.from(named(members));
      expect(error).toMatchObject({ code: expected, status: httpStatus });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('SECRET');
    }
    const unreachable = named({ data: undefined, cause: new TypeError('Failed to fetch') });
    expect(UploadError.from(unreachable).code).toBe('network');
    expect(UploadError.from(named({ data: { code: 'toString' } })).code).toBe('unknown');
  });

  it('believes such a status of tRPC alone: another error may carry that of anything', () => {
    const thrown = Object.assign(new Error('x'), { data: { code: 'CONFLICT', httpStatus: 409 } });
    expect(UploadError.from(thrown)).toMatchObject({ code: 'unknown' });
  });

  it('gives a 404 of tRPC a budget, and no other', () => {
    const said = (httpStatus: number) =>
      UploadError.from(Object.assign(new Error(), { name: 'TRPCClientError', data: { httpStatus } }));
    expect(said(404).budget).toEqual({ attempts: 10, minMs: 600_000 });
    expect(said(409)).not.toHaveProperty('budget');
  });

  it('quotes nothing of what was thrown: it may hold rows or a token', () => {
    for (const thrown of [
      'SECRET',
      new Error('SECRET'),
      { message: 'SECRET' },
      Symbol('SECRET'),
      ['SECRET'],
    ]) {
      const { message, ...members } = UploadError.from(thrown);
      expect(message + JSON.stringify(members)).not.toContain('SECRET');
    }
  });

  const throwing = () => {
    throw new Error('a getter that throws');
  };
  const hostile = () => {
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    const { proxy: revokedFunction, revoke: revokeFunction } = Proxy.revocable(() => {}, {});
    revokeFunction();
    const cyclic = new Error('cyclic');
    cyclic.cause = cyclic;
    return Object.entries({
      'a revoked proxy': revoked,
      'a revoked proxy of a function': revokedFunction,
      'a throwing name': Object.defineProperty({}, 'name', { get: throwing }),
      'a throwing message': Object.defineProperty({ name: 'UploadError' }, 'message', { get: throwing }),
      'a throwing cause': Object.defineProperty({ name: 'UploadError', message: '[invalid] x' }, 'cause', {
        get: throwing,
      }),
      'a throwing message of a TypeError': Object.defineProperty(new TypeError('x'), 'message', {
        get: throwing,
      }),
      'a message that will not become text': { name: 'UploadError', message: Object.create(null) },
      'a symbol as message': { name: 'UploadError', message: Symbol('x') },
      'a symbol as name': Object.defineProperty(new Error('x'), 'name', { value: Symbol('x') }),
      'a proxy that throws at everything': new Proxy(
        {},
        { get: throwing, getPrototypeOf: throwing, has: throwing },
      ),
      'a cyclic cause': cyclic,
    });
  };

  it.each(hostile())('survives %s', (_, thrown) => {
    const error = UploadError.from(thrown);
    expect(error).toBeInstanceOf(UploadError);
    expect(CODES).toContain(error.code);
    expect(() => JSON.stringify(error)).not.toThrow();
  });

  it('makes an upload error of the closed set of anything at all', () => {
    const thrown = fc.oneof(
      fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }),
      fc.record({
        name: fc.constant('UploadError'),
        message: fc.string().map((text) => `[${text}] ${text}`),
      }),
      fc.record({ name: fc.constantFrom('UploadError', 'AbortError', 'TypeError'), message: fc.anything() }),
    );
    fc.assert(
      fc.property(thrown, (value) => {
        const error = UploadError.from(value);
        expect(error).toBeInstanceOf(UploadError);
        expect(CODES).toContain(error.code);
        expect(error.message.startsWith(`[${error.code}] `)).toBe(true);
        expect(UploadError.from(error)).toBe(error);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('UploadError.fromResponse', () => {
  const answer = (status: number, headers: Record<string, string> = {}) => ({
    status,
    headers: new Headers(headers),
  });

  it('reads the status by the error table', () => {
    const error = UploadError.fromResponse(answer(422));
    expect(error).toMatchObject({ code: 'invalid', status: 422 });
    expect(error.message).toBe('[invalid] The backend answered with HTTP status 422.');
    expect(error).not.toHaveProperty('retryAfterMs');
  });

  it('reads Retry-After, a date by the clock of the answer', () => {
    expect(UploadError.fromResponse(answer(503, { 'Retry-After': '7' })).retryAfterMs).toBe(7000);
    const dates = { 'Retry-After': 'Thu, 01 Jan 1970 00:01:30 GMT', Date: 'Thu, 01 Jan 1970 00:01:00 GMT' };
    expect(UploadError.fromResponse(answer(429, dates)).retryAfterMs).toBe(30_000);
  });

  it('takes a Response without reading its body', () => {
    const response = new Response('the body', { status: 503 });
    expect(UploadError.fromResponse(response).code).toBe('unavailable');
    expect(response.bodyUsed).toBe(false);
  });

  it('retries an opaque answer (status 0) and a success that should not have come here', () => {
    expect(UploadError.fromResponse(answer(0)).code).toBe('network');
    expect(UploadError.fromResponse(answer(200)).code).toBe('unknown');
  });
});

describe('isUploadError', () => {
  it('knows an upload error by name: its own, of another copy, and one that crossed a worker', async () => {
    const Other = await anotherCopy();
    expect(isUploadError(new UploadError('invalid', ''))).toBe(true);
    expect(isUploadError(new Other('invalid', ''))).toBe(true);
    expect(isUploadError(crossed(new UploadError('invalid', '')))).toBe(true);
  });

  it.each([
    undefined,
    null,
    'UploadError',
    new Error('UploadError'),
    {},
    { name: 'uploaderror' },
    UploadError,
  ])('is false for %s', (value) => {
    expect(isUploadError(value)).toBe(false);
  });
});
