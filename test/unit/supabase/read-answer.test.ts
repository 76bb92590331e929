import { type TransportContext, UploadError, type UploadErrorCode } from 'powersync-backend-connector';
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/combine/failure-alone.ts';
import type { PostgrestResult } from '../../../src/supabase/client.ts';
import { failureIn } from '../../../src/supabase/read-answer.ts';
import { context } from '../../http/support.ts';

const base = context();

function read(result: Partial<PostgrestResult>, changes: Partial<TransportContext> = {}) {
  return failureIn({ status: 400, error: null, data: null, count: null, ...result }, { ...base, ...changes });
}

function shown(failure: Failure | undefined): string {
  if (!failure) return 'success';
  const mark = failure.inBand ? '!' : '?';
  return failure.status === 'rejected' ? `${failure.error.code}${mark}` : failure.error.code;
}

/** The code, and `!` where it is a refusal that counts without the breaker, `?` where the breaker counts it. */
function meaning(status: number, error: unknown, changes?: Partial<TransportContext>): string {
  try {
    return shown(read({ status, error }, changes));
  } catch (thrown) {
    return UploadError.from(thrown).code;
  }
}

const error = (code: unknown) => ({ code, message: 'SECRET', details: 'SECRET', hint: null });

describe('codes with their status', () => {
  it.each<[string, number, string]>([
    // PostgREST
    ['PGRST000', 503, 'unavailable'],
    ['PGRST001', 503, 'unavailable'],
    ['PGRST002', 503, 'unavailable'],
    ['PGRST003', 504, 'unavailable'],
    ['PGRST100', 400, 'invalid?'],
    ['PGRST102', 400, 'invalid?'],
    ['PGRST106', 406, 'unknown'],
    ['PGRST117', 405, 'misconfigured'],
    ['PGRST202', 404, 'schema_mismatch'],
    ['PGRST203', 300, 'misconfigured'],
    ['PGRST204', 400, 'schema_mismatch'],
    ['PGRST205', 404, 'schema_mismatch'],
    ['PGRST300', 500, 'unavailable'],
    ['PGRST301', 401, 'unauthenticated'],
    ['PGRST302', 401, 'unauthenticated'],
    ['PGRST303', 401, 'unauthenticated'],
    ['PGRSTX00', 500, 'unavailable'],
    // Postgres: the data
    ['22P02', 400, 'invalid!'],
    ['22023', 401, 'unauthenticated'], // the role of the token is unknown
    ['23502', 400, 'invalid!'],
    ['23503', 409, 'conflict!'],
    ['23505', 409, 'conflict!'],
    ['23514', 400, 'invalid!'],
    ['23P01', 400, 'conflict!'],
    ['P0001', 400, 'invalid!'],
    // rights
    ['42501', 403, 'forbidden?'],
    ['42501', 401, 'unauthenticated'],
    ['28000', 403, 'forbidden?'],
    // the schema
    ['42P01', 404, 'schema_mismatch'],
    ['42703', 400, 'schema_mismatch'],
    ['42883', 404, 'schema_mismatch'],
    ['42804', 400, 'schema_mismatch'],
    ['42P10', 400, 'schema_mismatch'],
    ['428C9', 400, 'schema_mismatch'],
    // trouble
    ['08006', 503, 'unavailable'],
    ['40001', 500, 'unavailable'],
    ['53100', 503, 'unavailable'],
    ['53400', 500, 'unavailable'],
    ['55000', 500, 'unavailable'],
    ['55P03', 500, 'unavailable'],
    ['57014', 500, 'timeout'],
    ['57P01', 503, 'unavailable'],
    ['58030', 500, 'unavailable'],
    ['25006', 405, 'unavailable'], // a replica
    ['25P02', 500, 'unavailable'],
    // can't be told apart
    ['42P17', 500, 'unclassified?'],
    ['54000', 500, 'unclassified?'],
    ['54001', 500, 'unclassified?'],
    ['P0002', 500, 'unclassified?'],
    ['P0004', 500, 'unclassified?'],
    ['XX000', 500, 'unavailable'],
    // chosen by the app
    ['PT400', 400, 'invalid!'],
    ['PT401', 401, 'unauthenticated'],
    ['PT403', 403, 'forbidden?'],
    ['PT404', 404, 'misconfigured'],
    ['PT409', 409, 'conflict!'],
    ['PT429', 429, 'throttled'],
    ['PT426', 426, 'update_required'],
    ['PT503', 503, 'unavailable'],
    // of nobody known
    ['0A000', 400, 'unavailable'],
    ['26000', 400, 'unavailable'],
    ['42P05', 400, 'unavailable'],
    ['22P05', 400, 'invalid!'],
    ['42704', 400, 'schema_mismatch'],
    ['21000', 500, 'unavailable'],
    ['APP42', 400, 'invalid?'],
    ['app code', 409, 'conflict?'],
    ['22', 400, 'invalid?'],
  ])('%s with status %i', (code, status, expected) => {
    expect(meaning(status, error(code))).toBe(expected);
  });

  it('an ambiguous one brings its budget', () => {
    expect(read({ status: 500, error: error('42P17') })?.error.budget).toEqual({
      attempts: 10,
      minMs: 600_000,
    });
    expect(read({ status: 409, error: error('23505') })?.error.budget).toBeUndefined();
  });
});

describe('codes of the app', () => {
  const own = (code: string, status: number, codes: Record<string, UploadErrorCode>) => {
    try {
      return shown(failureIn({ status, error: error(code), data: null, count: null }, base, codes));
    } catch (thrown) {
      return UploadError.from(thrown).code;
    }
  };

  it.each<[string, number, UploadErrorCode, string]>([
    ['P0001', 400, 'conflict', 'conflict!'],
    ['P0001', 400, 'forbidden', 'forbidden?'],
    ['42501', 403, 'invalid', 'invalid!'],
    ['QUOTA', 402, 'throttled', 'throttled'],
    ['P0001', 400, 'update_required', 'update_required'],
    ['XX000', 500, 'unclassified', 'unclassified!'],
  ])('%s with status %i as %s', (code, status, as, expected) => {
    expect(own(code, status, { [code]: as })).toBe(expected);
  });

  it('none makes a refused token one of the writes', () => {
    expect(own('42501', 401, { '42501': 'invalid' })).toBe('unauthenticated');
  });

  it('inherited names are no codes', () => {
    expect(own('toString', 400, {})).toBe('invalid?');
    expect(own('__proto__', 400, {})).toBe('invalid?');
  });
});

describe('answers without a code are not those of PostgREST', () => {
  const errors: unknown[] = [
    null,
    undefined,
    { message: '<html>' },
    { code: '' },
    { code: 23505 },
    { code: ['23505'] },
    ['23505'],
    '23505',
    { code: 'FORBIDDEN', message: 'of a gateway' },
    { code: 'MissingAuthenticationToken', message: 'Missing Authentication Token', details: null },
  ];

  it.each(errors.flatMap((each) => [400, 403, 409, 422].map((status): [number, unknown] => [status, each])))(
    '%i with %j rejects nothing',
    (status, each) => expect(meaning(status, each)).toBe('misconfigured'),
  );

  it.each<[number, string]>([
    [401, 'unauthenticated'],
    [404, 'misconfigured'],
    [408, 'timeout'],
    [413, 'too_large'],
    [429, 'throttled'],
    [500, 'unavailable'],
    [502, 'unavailable'],
    [522, 'unavailable'],
  ])('%i means %s by itself', (status, code) => {
    expect(meaning(status, { message: '<html>' })).toBe(code);
  });

  it('a success with an error is a page that was taken for one', () => {
    expect(meaning(200, { message: '<html>' })).toBe('misconfigured');
    expect(meaning(201, null)).toBe('success');
    expect(meaning(204, undefined)).toBe('success');
  });
});

describe('no answer', () => {
  it.each([
    ['TypeError: fetch failed', 'network'],
    ['AbortError: The operation was aborted', 'timeout'],
    ['TimeoutError: signal timed out', 'timeout'],
    [undefined, 'network'],
    [{ toString: null }, 'network'],
  ])('%j', (message, code) => {
    expect(meaning(0, { code: '', message })).toBe(code);
  });

  it('after an abort', () => {
    expect(meaning(0, error(''), { signal: AbortSignal.abort() })).toBe('aborted');
  });
});

it("keeps the backend's words to the details", () => {
  const refusal = read({ status: 409, error: { ...error('23505'), extra: 1 } });
  const details = { code: '23505', message: 'SECRET', details: 'SECRET', hint: null };
  expect(refusal).toMatchObject({ status: 'rejected', details });
  expect(refusal?.error).toMatchObject({
    message: '[conflict] The backend refused the write (23505).',
    status: 409,
  });
  const odd = read({ status: 409, error: error('SECRET of a row') });
  expect(odd?.error.message).toBe('[conflict] The backend refused the write.');
});
