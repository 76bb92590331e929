import { UploadError, type UploadErrorCode } from 'powersync-backend-connector';
import { describe, expect, it } from 'vitest';
import type { GraphqlError } from '../../../src/graphql/error-code.ts';
import { failureIn, readAnswer, worstOf } from '../../../src/graphql/graphql-answer.ts';
import { everythingIn } from '../../http/support.ts';

const HTML = '<!doctype html><title>Welcome</title>';
const errors = (...codes: string[]) => ({
  errors: codes.map((code) => ({ message: code, extensions: { code } })),
});

function answer(body: unknown, status = 200, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, text, headers: new Headers(headers) };
}

function thrownBy(run: () => unknown): UploadError {
  try {
    run();
  } catch (error) {
    if (error instanceof UploadError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown');
}

describe('an answer that is read', () => {
  it.each<[string, number, unknown]>([
    ['data', 200, { data: { a: 1 } }],
    ['data of an empty object', 200, { data: {} }],
    ['data beside extensions', 200, { data: { a: 1 }, extensions: { cost: 3 } }],
    ['errors as null, as older servers answer', 200, { data: { a: 1 }, errors: null }],
    ['errors as an empty list', 200, { data: { a: 1 }, errors: [] }],
    ['a status that is a success of another kind', 294, { data: { a: 1 } }],
  ])('%s', (_, status, body) => {
    expect(readAnswer(answer(body, status))).toMatchObject({ data: expect.any(Object), errors: [] });
  });

  it.each<[string, number, unknown]>([
    ['errors without data', 200, errors('CONFLICT')],
    ['errors beside null', 200, { data: null, ...errors('CONFLICT') }],
    ['a request error by the newer form', 400, errors('GRAPHQL_VALIDATION_FAILED')],
    ['a request error by its draft', 422, errors('BAD_USER_INPUT')],
    ['a status that a resolver set', 404, errors('NOT_FOUND')],
    ['a conflict that a resolver set', 409, errors('CONFLICT')],
  ])('%s', (_, status, body) => {
    expect(readAnswer(answer(body, status))).toMatchObject({
      data: undefined,
      errors: [{ message: expect.any(String) }],
    });
  });
});

describe('an answer whose status decides, whatever its body says', () => {
  it.each<[UploadErrorCode, number]>([
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['timeout', 408],
    ['too_large', 413],
    ['throttled', 425],
    ['update_required', 426],
    ['throttled', 429],
    ['unavailable', 500],
    ['misconfigured', 501],
    ['unavailable', 502],
    ['unavailable', 503],
    ['unavailable', 504],
    ['misconfigured', 302],
  ])('%s: %i with the errors of GraphQL', (code, status) => {
    for (const body of [errors('CONFLICT'), { data: { a: 1 }, ...errors('BAD_USER_INPUT') }])
      expect(thrownBy(() => readAnswer(answer(body, status)))).toMatchObject({ code, status });
  });

  it('brings its Retry-After', () => {
    const thrown = thrownBy(() => readAnswer(answer(errors('X'), 429, { 'retry-after': '9' })));
    expect(thrown.retryAfterMs).toBe(9_000);
  });

  it('data beside a refusing status is not believed', () => {
    expect(thrownBy(() => readAnswer(answer({ data: { a: 1 } }, 500))).code).toBe('unavailable');
    expect(thrownBy(() => readAnswer(answer({ data: { a: 1 } }, 400))).code).toBe('misconfigured');
  });

  it.each<[UploadErrorCode, number]>([
    ['misconfigured', 400],
    ['unauthenticated', 401],
    ['misconfigured', 403],
    ['misconfigured', 404],
    ['misconfigured', 405],
    ['misconfigured', 409],
    ['misconfigured', 412],
    ['too_large', 413],
    ['misconfigured', 415],
    ['misconfigured', 422],
    ['throttled', 429],
    ['unavailable', 500],
    ['unavailable', 503],
  ])('%s: %i without the errors of GraphQL, which a proxy or firewall answers too', (code, status) => {
    for (const body of [HTML, '', '{}', '{"message":"Forbidden"}', '{"errors":[]}', '{"errors":"no"}', '[1]'])
      expect(thrownBy(() => readAnswer(answer(body, status)))).toMatchObject({ code, status });
  });
});

describe('a success that is not GraphQL says nothing', () => {
  it.each<[string, string]>([
    ['empty', ''],
    ['HTML', HTML],
    ['cut JSON', '{"data":{"a":1'],
    ['null', 'null'],
    ['a list, as of batched queries', '[{"data":{"a":1}}]'],
    ['an object of another contract', '{"results":[{"status":"success"}]}'],
    ['data as null', '{"data":null}'],
    ['data as a list', '{"data":[1]}'],
    ['data as text', '{"data":"ok"}'],
    ['data that only the prototype has', '{"__proto__":{"data":{"a":1}}}'],
    ['errors as text', '{"data":{"a":1},"errors":"no"}'],
    ['errors as an object', '{"data":{"a":1},"errors":{"message":"no"}}'],
    ['errors that hold null', '{"data":{"a":1},"errors":[null]}'],
    ['errors that hold text', '{"data":{"a":1},"errors":["no"]}'],
    ['errors without a message', '{"data":{"a":1},"errors":[{"extensions":{"code":"CONFLICT"}}]}'],
  ])('%s', (_, text) => {
    expect(thrownBy(() => readAnswer(answer(text)))).toMatchObject({ code: 'misconfigured', status: 200 });
  });
});

describe('what a list of errors means', () => {
  const list = (...codes: string[]): GraphqlError[] => errors(...codes).errors;
  const codeIn = (all: GraphqlError[], status = 200) => worstOf(all, answer('', status))[1].code;

  it.each<[UploadErrorCode, string[]]>([
    ['conflict', ['CONFLICT']],
    ['conflict', ['CONFLICT', 'BAD_USER_INPUT']],
    ['unavailable', ['CONFLICT', 'INTERNAL_SERVER_ERROR']],
    ['unclassified', ['CONFLICT', 'SOMETHING_ELSE']],
    ['schema_mismatch', ['SOMETHING_ELSE', 'GRAPHQL_VALIDATION_FAILED']],
    ['unavailable', ['GRAPHQL_VALIDATION_FAILED', 'INTERNAL_SERVER_ERROR']],
    ['unauthenticated', ['INTERNAL_SERVER_ERROR', 'UNAUTHENTICATED']],
  ])('%s: %j, since of several the one that rejects least decides', (code, codes) => {
    expect(codeIn(list(...codes))).toBe(code);
  });

  it('a code nobody knows has a budget of ten tries over ten minutes', () => {
    const [, error] = worstOf(list('SOMETHING_ELSE'), answer(''));
    expect(error).toMatchObject({ code: 'unclassified', budget: { attempts: 10, minMs: 600_000 } });
    expect(worstOf(list('CONFLICT'), answer(''))[1]).not.toHaveProperty('budget');
  });

  it.each<[UploadErrorCode, number]>([
    ['unclassified', 200],
    ['unclassified', 400],
    ['unclassified', 422],
    ['misconfigured', 404],
    ['misconfigured', 405],
    ['conflict', 409],
    ['conflict', 412],
    ['unknown', 418],
  ])('%s: without a code, at status %i', (code, status) => {
    expect(codeIn([{ message: 'no' }], status)).toBe(code);
  });

  it('a 404 with NOT_FOUND is about the route when it is of no field', () => {
    expect(codeIn(list('NOT_FOUND'), 404)).toBe('misconfigured');
    expect(codeIn([{ ...(list('NOT_FOUND')[0] as GraphqlError), path: ['patchTodo'] }], 404)).toBe(
      'not_found',
    );
  });

  it('brings the Retry-After of the answer', () => {
    const [, error] = worstOf(list('RATE_LIMITED'), answer('', 200, { 'retry-after': '30' }));
    expect(error).toMatchObject({ code: 'throttled', retryAfterMs: 30_000 });
  });

  it('names the code in its message only when it is a plain word, and quotes no message', () => {
    const quoting = (code: string) =>
      everythingIn(worstOf([{ message: 'SECRET', extensions: { code, row: 'SECRET' } }], answer(''))[1]);
    expect(quoting('LIST_IS_FULL')).toContain('LIST_IS_FULL');
    expect(quoting('SECRET (and more)')).not.toContain('SECRET');
  });
});

describe('what errors make of the one they are about', () => {
  const reading = {};
  const fail = (code: string) => failureIn(errors(code).errors, answer(''), reading, true);

  it.each(['CONFLICT', 'BAD_USER_INPUT', 'NOT_FOUND', 'SOMETHING_ELSE'])(
    '%s: rejected, with the words of the backend',
    (code) => {
      expect(fail(code)).toMatchObject({
        status: 'rejected',
        inBand: true,
        details: { message: code, extensions: { code } },
      });
    },
  );

  it.each(['INTERNAL_SERVER_ERROR', 'GRAPHQL_VALIDATION_FAILED', 'RATE_LIMITED'])('%s: kept', (code) => {
    expect(fail(code)).toMatchObject({ status: 'retry' });
  });

  it('a refused token is thrown; FORBIDDEN is said of the transaction, whose token is refreshed', () => {
    expect(thrownBy(() => fail('UNAUTHENTICATED')).code).toBe('unauthenticated');
    expect(fail('FORBIDDEN')).toMatchObject({ status: 'rejected', error: { code: 'forbidden' } });
  });

  it('is judged as a failed request where it was said of the request', () => {
    expect(failureIn(errors('CONFLICT').errors, answer(''), reading, false)).toMatchObject({ inBand: false });
  });
});
