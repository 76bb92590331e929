import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  codesIn,
  type ErrorCodes,
  inBrackets,
  readResults,
  refusalByCode,
} from '../../../src/contract/read-results.ts';
import { defaultVerdict, type UploadErrorCode } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import type { Outcome } from '../../../src/transport/outcome.ts';

interface Answer {
  status?: number;
  headers?: Record<string, string>;
}

function readText(text: string, count = 1, { status = 200, headers = {} }: Answer = {}): Outcome[] {
  return readResults({ status, headers: new Headers(headers), text }, count);
}

const read = (body: unknown, count = 1, answer: Answer = {}) => readText(JSON.stringify(body), count, answer);
const readOne = (result: unknown) => read({ results: [result] })[0];

/** The code of a rejection, where the app says what its own codes mean. */
function rejectedAs(failed: object, errorCodes: ErrorCodes): UploadErrorCode | undefined {
  const text = JSON.stringify({ results: [fatal({}, failed)] });
  const [outcome] = readResults({ status: 200, headers: new Headers(), text }, 1, errorCodes);
  return outcome?.status === 'rejected' ? outcome.error.code : undefined;
}

function failure(run: () => unknown): UploadError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(UploadError);
    return error as UploadError;
  }
  return expect.unreachable('nothing was thrown');
}

const fatal = (members: object = {}, failed: object = {}) => ({
  status: 'fatal_error',
  requires_client_handling: false,
  message: 'The transaction failed',
  failed_operation: { operation_index: 1, error_code: 'VALIDATION', message: 'name is too long', ...failed },
  ...members,
});

const HTML = '<!doctype html><title>Sign in to the hotel</title>';

describe('each result of the contract', () => {
  it('success is applied', () => {
    expect(readOne({ status: 'success' })).toEqual({ status: 'applied' });
  });

  it('not_attempted is that', () => {
    expect(readOne({ status: 'not_attempted' })).toEqual({ status: 'not_attempted' });
  });

  it('retryable_error is a retry, with the wait it asks for', () => {
    expect(readOne({ status: 'retryable_error' })).toMatchObject({
      status: 'retry',
      error: { code: 'unavailable' },
    });
    expect(readOne({ status: 'retryable_error', retry_after_ms: 1500 })).toMatchObject({
      error: { retryAfterMs: 1500 },
    });
  });

  it('retryable_error hands on a wait of 0 as well, as Retry-After does', () => {
    expect(readOne({ status: 'retryable_error', retry_after_ms: 0 })).toMatchObject({
      error: { retryAfterMs: 0 },
    });
  });

  it.each([-1, '1500', null, true, {}])(
    'retryable_error with a wait of %j is a retry without one',
    (wait) => {
      const outcome = readOne({ status: 'retryable_error', retry_after_ms: wait });
      expect(outcome?.status === 'retry' && outcome.error.retryAfterMs).toBeUndefined();
    },
  );

  it('retryable_error waits for an hour at most, also where JSON makes the number infinite', () => {
    const [outcome] = readText('{"results":[{"status":"retryable_error","retry_after_ms":1e999}]}');
    expect(outcome).toMatchObject({ error: { retryAfterMs: 3_600_000 } });
  });

  it('fatal_error is rejected, with the entry at fault and the words of the backend', () => {
    expect(readOne(fatal())).toMatchObject({
      status: 'rejected',
      entryIndex: 1,
      needsDecision: false,
      details: { error_code: 'VALIDATION', message: 'name is too long' },
      error: { code: 'invalid' },
    });
  });

  it('fatal_error keeps the message of the transaction where the operation has none', () => {
    expect(readOne(fatal({}, { message: undefined }))).toMatchObject({
      details: { message: 'The transaction failed' },
    });
  });

  it('fatal_error without any message has details as the backend sent them', () => {
    const outcome = readOne(fatal({ message: undefined }, { message: undefined }));
    expect(outcome?.status === 'rejected' && outcome.details).toStrictEqual({
      operation_index: 1,
      error_code: 'VALIDATION',
    });
  });

  it('fatal_error hands on that the app has to decide', () => {
    expect(readOne(fatal({ requires_client_handling: true }))).toMatchObject({ needsDecision: true });
  });

  it('fatal_error names the first entry by 0', () => {
    expect(readOne(fatal({}, { operation_index: 0 }))).toMatchObject({ entryIndex: 0 });
  });

  it.each([-1, 0.5, '1', null, undefined])('fatal_error with operation_index %j names no entry', (index) => {
    const outcome = readOne(fatal({}, { operation_index: index }));
    expect(outcome?.status === 'rejected' && outcome.entryIndex).toBeUndefined();
  });

  it.each<[string, UploadErrorCode]>([
    ['UNIQUE_VIOLATION', 'conflict'],
    ['FOREIGN_KEY_VIOLATION', 'conflict'],
    ['UNAUTHORIZED', 'forbidden'],
    ['SCHEMA_MISMATCH', 'schema_mismatch'],
    ['UNCLASSIFIED_ERROR', 'unclassified'],
    ['NOT_NULL_VIOLATION', 'invalid'],
    ['CHECK_VIOLATION', 'invalid'],
    ['CONSTRAINT_VIOLATION', 'invalid'],
    ['INVALID_DATA', 'invalid'],
    ['DOCUMENT_VALIDATION_FAILURE', 'invalid'],
    ['MY_OWN_RULE', 'invalid'],
    ['__proto__', 'invalid'],
    ['constructor', 'invalid'],
    ['', 'invalid'],
  ])('error_code %j is %s', (errorCode, code) => {
    expect(readOne(fatal({}, { error_code: errorCode }))).toMatchObject({ error: { code } });
  });

  it.each<[string, UploadErrorCode]>([
    ['23505', 'conflict'],
    ['42501', 'forbidden'],
    ['42P01', 'schema_mismatch'],
    ['57P01', 'unavailable'],
  ])('SQLSTATE %s as error_code is %s', (errorCode, code) => {
    expect(readOne(fatal({}, { error_code: errorCode }))).toMatchObject({ error: { code } });
  });

  it.each(['400', '08_TOKEN', '53000_ROWS', '57p01', 'OTHER'])(
    'error_code %j only looks like a SQLSTATE: it is one of the app, and a rejection',
    (errorCode) => {
      expect(readOne(fatal({}, { error_code: errorCode }))).toMatchObject({ error: { code: 'invalid' } });
    },
  );

  it('UNCLASSIFIED_ERROR brings its budget, since the backend answers it to some outages: ten tries over ten minutes', () => {
    const outcome = readOne(fatal({}, { error_code: 'UNCLASSIFIED_ERROR' }));
    expect(outcome).toMatchObject({ error: { budget: { attempts: 10, minMs: 600_000 } } });
    expect(readOne(fatal())).not.toMatchObject({ error: { budget: expect.anything() } });
  });

  it.each([
    'permission denied for table lists',
    'permission denied for schema public',
    'new row violates row-level security policy for table "lists"',
  ])(
    'SCHEMA_MISMATCH that says %j is forbidden: the reference backend files SQLSTATE 42501 under it',
    (message) => {
      expect(readOne(fatal({}, { error_code: 'SCHEMA_MISMATCH', message }))).toMatchObject({
        error: { code: 'forbidden' },
      });
      expect(
        readOne(fatal({ message }, { error_code: 'SCHEMA_MISMATCH', message: undefined })),
      ).toMatchObject({
        error: { code: 'forbidden' },
      });
    },
  );

  it.each<[string, UploadErrorCode]>([
    ['UNIQUE_VIOLATION', 'conflict'],
    ['MY_OWN_RULE', 'invalid'],
  ])('%s whose message begins like a missing permission stays %s', (errorCode, code) => {
    const message = 'permission denied for people under 18';
    expect(readOne(fatal({}, { error_code: errorCode, message }))).toMatchObject({ error: { code } });
  });

  it('what the app says of a code holds, whatever the message', () => {
    const failed = { error_code: 'SCHEMA_MISMATCH', message: 'permission denied for table lists' };
    expect(rejectedAs(failed, { SCHEMA_MISMATCH: 'schema_mismatch' })).toBe('schema_mismatch');
    expect(rejectedAs(failed, { SCHEMA_MISMATCH: 'conflict' })).toBe('conflict');
  });

  it.each([
    'relation "lists" does not exist',
    'a column named "permission denied for table x" does not exist',
    '',
  ])('SCHEMA_MISMATCH that says %j stays one, which is held', (message) => {
    expect(readOne(fatal({}, { error_code: 'SCHEMA_MISMATCH', message }))).toMatchObject({
      error: { code: 'schema_mismatch' },
    });
  });

  it('puts none of the words of the backend into the error: they may quote row data', () => {
    const outcome = readOne(
      fatal({ message: 'SECRET' }, { error_code: 'SECRET of a row', message: 'SECRET', detail: 'SECRET' }),
    );
    const error = outcome?.status === 'rejected' ? outcome.error : undefined;
    expect(error?.message).toBe('[invalid] The backend refused the transaction.');
    expect(JSON.stringify(error)).not.toContain('SECRET');
  });

  it('names the error code where it is a plain word', () => {
    expect(readOne(fatal())).toMatchObject({
      error: { message: '[invalid] The backend refused the transaction (VALIDATION).' },
    });
  });

  it('reads several results in order', () => {
    const results = [
      { status: 'success' },
      fatal(),
      { status: 'retryable_error' },
      { status: 'not_attempted' },
    ];
    expect(read({ results }, 4).map(({ status }) => status)).toEqual([
      'applied',
      'rejected',
      'retry',
      'not_attempted',
    ]);
  });

  it('ignores members it does not know', () => {
    expect(read({ results: [{ status: 'success', extra: 1 }], version: 2 })).toEqual([{ status: 'applied' }]);
  });
});

describe('a success that is not the contract says nothing, and keeps every write', () => {
  it.each<[string, string]>([
    ['empty', ''],
    ['HTML of a captive portal', HTML],
    ['truncated JSON', '{"results":[{"status":"success"}'],
    ['two JSON texts', '{"results":[{"status":"success"}]}{}'],
    ['null', 'null'],
    ['a number', '1'],
    ['text', '"success"'],
    ['a list', '[{"status":"success"}]'],
    ['an object without results', '{}'],
    ['results that are null', '{"results":null}'],
    ['results that are an object', '{"results":{"0":{"status":"success"},"length":1}}'],
    ['results that only the prototype has', '{"__proto__":{"results":[{"status":"success"}]}}'],
    ['too few results', '{"results":[]}'],
    ['too many results', '{"results":[{"status":"success"},{"status":"success"}]}'],
    ['a result that is null', '{"results":[null]}'],
    ['a result that is text', '{"results":["success"]}'],
    ['a result that is a list', '{"results":[["success"]]}'],
    ['a result without status', '{"results":[{}]}'],
    ['a result with another status', '{"results":[{"status":"ok"}]}'],
    ['a status in other letters', '{"results":[{"status":"SUCCESS"}]}'],
    ['a status that is a list', '{"results":[{"status":["success"]}]}'],
    ['a message of failure', '{"success":false,"error":"nope"}'],
  ])('%s', (_, text) => {
    const error = failure(() => readText(text));
    expect(error).toMatchObject({ code: 'misconfigured', status: 200 });
    expect(defaultVerdict(error.code)).toBe('retry');
  });

  it.each([
    ['{}', 'the answer is without a list of results,'],
    ['{"results":[]}', 'the answer is with 0 results for 1 transactions,'],
    ['{"results":[{"status":"ok"}]}', 'the answer is with a malformed result,'],
  ])('%s: the error says what is wrong with it', (text, words) => {
    expect(failure(() => readText(text)).message).toContain(words);
  });

  it.each<[string, object]>([
    ['failed_operation', { failed_operation: undefined }],
    ['an object as failed_operation', { failed_operation: 'x' }],
    ['requires_client_handling', { requires_client_handling: undefined }],
    ['a boolean as requires_client_handling', { requires_client_handling: 'true' }],
    ['an error code', { failed_operation: { operation_index: 0 } }],
    ['text as error code', { failed_operation: { error_code: 5 } }],
  ])('a fatal_error without %s: nothing is rejected on a guess', (_, members) => {
    expect(failure(() => readOne(fatal(members))).code).toBe('misconfigured');
  });

  it('one malformed result among good ones', () => {
    expect(failure(() => read({ results: [{ status: 'success' }, {}] }, 2)).code).toBe('misconfigured');
  });

  it.each([201, 202, 204, 206, 299])('%i without a body', (status) => {
    expect(failure(() => readText('', 1, { status }))).toMatchObject({ code: 'misconfigured', status });
  });

  it('quotes nothing of the body', () => {
    for (const text of ['SECRET', '{"SECRET":1}', '"SECRET"', '{"results":["SECRET"]}']) {
      const error = failure(() => readText(text));
      expect(`${error.message}${error.stack}${error.cause?.message}`).not.toContain('SECRET');
    }
  });
});

describe('a refusing status', () => {
  it.each<[number, UploadErrorCode]>([
    [400, 'invalid'],
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [404, 'misconfigured'],
    [405, 'misconfigured'],
    [408, 'timeout'],
    [409, 'conflict'],
    [413, 'too_large'],
    [415, 'invalid'],
    [422, 'invalid'],
    [429, 'throttled'],
    [500, 'unavailable'],
    [502, 'unavailable'],
    [503, 'unavailable'],
  ])('%i with a JSON object is %s', (status, code) => {
    expect(failure(() => read({ error: 'x' }, 1, { status }))).toMatchObject({ code, status });
  });

  it.each(
    [400, 403, 409, 412, 415, 422].flatMap((status) =>
      ['', HTML, 'null', '[]', '"no"', '{"error":'].map((text): [number, string] => [status, text]),
    ),
  )('%i with %j is a firewall or proxy, not the backend: it rejects nothing', (status, text) => {
    expect(failure(() => readText(text, 1, { status }))).toMatchObject({ code: 'misconfigured', status });
  });

  it('413 counts in any form, since a proxy that answers it means it', () => {
    expect(failure(() => readText(HTML, 1, { status: 413 })).code).toBe('too_large');
  });

  it('results beside a refusing status are not believed', () => {
    expect(failure(() => read({ results: [{ status: 'success' }] }, 1, { status: 500 })).code).toBe(
      'unavailable',
    );
  });

  it('brings its Retry-After', () => {
    const error = failure(() => readText('', 1, { status: 503, headers: { 'retry-after': '3' } }));
    expect(error.retryAfterMs).toBe(3000);
  });
});

describe('hostile answers', () => {
  const STATUSES: readonly unknown[] = ['applied', 'rejected', 'retry', 'not_attempted'];

  /** Reads an answer; everything but outcomes and UploadErrors is a failure. */
  function readHostile(text: string, count: number, status: number): void {
    try {
      const outcomes = readText(text, count, { status });
      expect(outcomes).toHaveLength(count);
      for (const outcome of outcomes) expect(STATUSES).toContain(outcome.status);
    } catch (error) {
      expect(error).toBeInstanceOf(UploadError);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  }

  it.each([
    '{"toString":null,"valueOf":null}',
    '{"toString":1}',
    '{"__proto__":null}',
    '[[[["permission denied for"]]]]',
    '5',
    'true',
  ])('a message that is %s instead of text does not break the reader', (message) => {
    const failed = `{"error_code":"SCHEMA_MISMATCH","message":${message}}`;
    readHostile(
      `{"results":[{"status":"fatal_error","requires_client_handling":false,"failed_operation":${failed}}]}`,
      1,
      200,
    );
  });

  it('pollutes no prototype', () => {
    const evil = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}';
    readHostile(
      `${evil},"results":[${evil},"status":"fatal_error","requires_client_handling":true,"message":"m",
        "failed_operation":${evil},"error_code":"__proto__"}}]}`,
      1,
      200,
    );
  });

  const leaf = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('success', 'fatal_error', 'retryable_error', 'SCHEMA_MISMATCH', 'UNCLASSIFIED_ERROR'),
    fc.constant({ toString: null, valueOf: null }),
  );
  const result = fc.record(
    {
      status: fc.oneof(fc.constantFrom('success', 'fatal_error', 'retryable_error', 'not_attempted'), leaf),
      requires_client_handling: fc.oneof(fc.boolean(), leaf),
      retry_after_ms: fc.oneof(fc.double(), leaf),
      message: leaf,
      failed_operation: fc.oneof(
        fc.record({
          error_code: fc.oneof(fc.constantFrom('SCHEMA_MISMATCH', 'UNAUTHORIZED', '__proto__'), leaf),
          operation_index: leaf,
          message: leaf,
        }),
        leaf,
      ),
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    fc
      .record({ results: fc.oneof(fc.array(fc.oneof(result, leaf), { maxLength: 3 }), leaf) })
      .map((value) => JSON.stringify(value)),
    fc.json(),
    fc.string(),
  );

  it('come out as outcomes or as an UploadError, never as anything else', () => {
    fc.assert(
      fc.property(
        body,
        fc.integer({ min: 1, max: 3 }),
        fc.oneof(fc.constant(200), fc.integer({ min: 100, max: 599 })),
        readHostile,
      ),
      { numRuns: 2000 },
    );
  });

  it('cut off anywhere, a good answer is believed whole or not at all', () => {
    const text = JSON.stringify({ results: [{ status: 'success' }, fatal(), { status: 'success' }] });
    for (let end = 0; end < text.length; end++) {
      expect(failure(() => readText(text.slice(0, end), 3)).code).toBe('misconfigured');
    }
    expect(readText(text, 3)).toHaveLength(3);
  });
});

describe('a refusal outside 2xx', () => {
  const refusal = (body: unknown, codes: Record<string, UploadErrorCode>, headers = {}) =>
    refusalByCode({ status: 409, headers: new Headers(headers), text: JSON.stringify(body) }, body, codes);

  it.each([
    ['code', { code: 'OLD' }],
    ['error_code', { error_code: 'OLD' }],
    ['error', { error: 'OLD' }],
    ['error.code', { error: { code: 'OLD' } }],
    ['error.error_code', { error: { error_code: 'OLD' } }],
  ])('is read by the code in %s, where the app has named it', (_, body) => {
    const error = refusal(body, { OLD: 'update_required' }, { 'retry-after': '7' });
    expect(error).toMatchObject({ code: 'update_required', status: 409, retryAfterMs: 7000 });
    expect(error?.message).toContain('(OLD)');
    expect(error).not.toHaveProperty('budget');
    expect(refusal(body, { OTHER: 'update_required' })).toBeUndefined();
  });

  it.each([[null], ['OLD'], [['OLD']], [{ code: { code: 'OLD' } }], [{}]])('says nothing by %j', (body) => {
    expect(refusal(body, { OLD: 'update_required' })).toBeUndefined();
  });

  it.each([[['OLD']], [{ toString: null, valueOf: null }]])(
    'says nothing by a code that is %j, not text',
    (code) => {
      expect(refusal({ code }, { OLD: 'update_required' })).toBeUndefined();
      expect(refusal({ code, error_code: 'OLD' }, { OLD: 'update_required' })?.code).toBe('update_required');
    },
  );

  it.each(['57P01', '08006', '53300'])('with SQLSTATE %s of an outage rejects nothing', (code) => {
    const error = refusal({ error: { code } }, {});
    expect(error).toMatchObject({ code: 'unavailable', status: 409 });
    expect(error?.message).toContain(`(${code})`);
  });

  it.each(['23505', '42501', '42P01', 'UNIQUE_VIOLATION', 'UNCLASSIFIED_ERROR', 'OTHER', 53300])(
    'with %j, which is no outage, is left to its status',
    (code) => {
      expect(refusal({ code }, {})).toBeUndefined();
    },
  );

  it('that the app calls unclassified has the budget of one', () => {
    expect(refusal({ code: 'ODD' }, { ODD: 'unclassified' })?.budget).toEqual({
      attempts: 10,
      minMs: 600_000,
    });
  });
});

describe('codes in a body', () => {
  it('are read from the first of errors, then error, then the body, and texts come last', () => {
    const body = { errors: [{ code: 1 }, { code: 'no' }], error: { error_code: 2 }, errorCode: 3 };
    expect(codesIn(body, false).filter(Boolean)).toEqual([1, 2, 3]);
    expect(codesIn({ errors: 'first', error: 'second', code: 'body' }).filter(Boolean)).toEqual([
      'body',
      'first',
      'second',
    ]);
  });

  it.each([null, 'text', 5, [], {}, { error: 'text' }, { errors: [] }])('are none in %j', (body) => {
    expect(codesIn(body, false).filter(Boolean)).toEqual([]);
  });

  it.each([undefined, null, 5, ['OLD'], { toString: null, valueOf: null }])(
    'get into no message where they are %j instead of text',
    (code) => {
      expect(inBrackets(code)).toBe('');
    },
  );
});
