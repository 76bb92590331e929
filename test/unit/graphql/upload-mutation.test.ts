import fc from 'fast-check';
import { buildSchema, parse, validate } from 'graphql';
import { type Outcome, UploadError, type UploadErrorCode } from 'powersync-backend-connector';
import { UPLOAD_MUTATION } from 'powersync-backend-connector/graphql';
import { describe, expect, it } from 'vitest';
import { UPLOAD_SDL } from '../../../examples/backend/graphql.ts';
import { packTransactions } from '../../../src/contract/pack-transactions.ts';
import { readAnswer } from '../../../src/graphql/graphql-answer.ts';
import { AROUND_TRANSACTIONS, readUpload } from '../../../src/graphql/upload-mutation.ts';
import { anEntry } from '../../support/fake-queue.ts';

const success = { status: 'success', message: null, failed_operation: null };
const fatal = (failed: object = {}, members: object = {}) => ({
  status: 'fatal_error',
  message: null,
  retry_after_ms: null,
  requires_client_handling: false,
  failed_operation: {
    error_code: 'INVALID_DATA',
    message: null,
    details: null,
    operation_index: null,
    ...failed,
  },
  ...members,
});
const data = (...results: unknown[]) => ({ data: { uploadTransactions: results } });
const at = (path: unknown, code?: string, more: object = {}) => ({
  message: `words of the backend: ${code}`,
  path,
  extensions: { code },
  ...more,
});

function read(body: unknown, count = 1, status = 200): Outcome[] {
  const answer = { status, headers: new Headers(), text: JSON.stringify(body) };
  return readUpload(readAnswer(answer), count, {});
}

function failure(run: () => unknown): UploadError {
  try {
    throw new Error(`It returned ${JSON.stringify(run())}`);
  } catch (error) {
    if (error instanceof UploadError) return error;
    throw error;
  }
}

describe('the document', () => {
  it('fits the schema of the example backend, which is the one in the guide', () => {
    expect(validate(buildSchema(`type Query { a: Int } ${UPLOAD_SDL}`), parse(UPLOAD_MUTATION))).toEqual([]);
  });

  it('stands before the transactions as JSON', () => {
    const entry = anEntry({ opData: { text: '") { x } }' }, table: '"}}' });
    const { body } = packTransactions([{ key: 'k', entries: [entry] }], 1_000_000, 50, AROUND_TRANSACTIONS);
    expect(JSON.parse(body)).toMatchObject({
      query: UPLOAD_MUTATION,
      variables: {
        transactions: [{ idempotency_key: 'k', crud: [{ table: '"}}', op_data: { text: '") { x } }' } }] }],
      },
    });
  });

  it('counts towards the limit of a body', () => {
    const bytesOf = (count: number) =>
      packTransactions(
        Array(count).fill({ key: 'k', entries: [anEntry()] }),
        1_000_000,
        50,
        AROUND_TRANSACTIONS,
      ).body.length;
    const many = Array(9).fill({ key: 'k', entries: [anEntry()] });
    expect(packTransactions(many, bytesOf(3), 50, AROUND_TRANSACTIONS).count).toBe(3);
    expect(packTransactions(many, bytesOf(3) - 1, 50, AROUND_TRANSACTIONS).count).toBe(2);
  });
});

describe('results', () => {
  it('are read as those of the write contract, members that are null being none', () => {
    const tryAgain = { status: 'retryable_error', message: 'later', retry_after_ms: 1_500 };
    expect(
      read(data(success, fatal({ operation_index: 2 }), tryAgain, { status: 'not_attempted' }), 4),
    ).toMatchObject([
      { status: 'applied' },
      { status: 'rejected', error: { code: 'invalid' }, entryIndex: 2, needsDecision: false },
      { status: 'retry', error: { code: 'unavailable', retryAfterMs: 1_500 } },
      { status: 'not_attempted' },
    ]);
  });

  it('carry the words of the backend, without the members that are null', () => {
    const [outcome] = read(data(fatal({}, { message: 'too long' })));
    expect(outcome).toMatchObject({ entryIndex: undefined });
    expect((outcome as { details: unknown }).details).toStrictEqual({
      error_code: 'INVALID_DATA',
      message: 'too long',
    });
  });

  it.each<[string, unknown, number]>([
    ['too few', data(success), 2],
    ['too many', data(success, success), 1],
    ['null without an error', data(success, null), 2],
    ['no list', { data: { uploadTransactions: { status: 'success' } } }, 1],
    ['null for the list', { data: { uploadTransactions: null } }, 1],
    ['another field', { data: { upload: [success] } }, 1],
    ['no field', { data: {} }, 1],
    [
      'a fatal error without requires_client_handling',
      data(fatal({}, { requires_client_handling: null })),
      1,
    ],
    ['a fatal error without failed_operation', data(fatal({}, { failed_operation: null })), 1],
    ['a status nobody knows', data({ status: 'SUCCESS' }), 1],
  ])('%s: says nothing, and keeps every write', (_, body, count) => {
    expect(failure(() => read(body, count)).code).toBe('misconfigured');
  });

  it('too few, with errors for each of them: says nothing either', () => {
    const body = { ...data(null), errors: [at(['uploadTransactions', 0], 'CONFLICT')] };
    expect(failure(() => read(body, 2)).code).toBe('misconfigured');
  });
});

describe('an error whose path leads to a transaction', () => {
  it('is the outcome of that one, and the others keep theirs', () => {
    const body = { ...data(success, null, success), errors: [at(['uploadTransactions', 1], 'CONFLICT')] };
    expect(read(body, 3)).toMatchObject([
      { status: 'applied' },
      {
        status: 'rejected',
        inBand: true,
        error: { code: 'conflict', status: 200 },
        details: { message: 'words of the backend: CONFLICT', extensions: { code: 'CONFLICT' } },
      },
      { status: 'applied' },
    ]);
  });

  it('counts also where it leads below it, as when a member that must not be null is', () => {
    const body = {
      ...data(null),
      errors: [at(['uploadTransactions', 0, 'status'], 'INTERNAL_SERVER_ERROR')],
    };
    expect(read(body)).toMatchObject([{ status: 'retry', error: { code: 'unavailable' } }]);
  });

  it('of several for one, the one that rejects least decides', () => {
    const errors = ['CONFLICT', 'INTERNAL_SERVER_ERROR'].map((code) => at(['uploadTransactions', 0], code));
    expect(read({ ...data(null), errors })).toMatchObject([
      { status: 'retry', error: { code: 'unavailable' } },
    ]);
  });

  it('beside a result that is there keeps the write: what holds can not be told', () => {
    const body = {
      ...data(success, success),
      errors: [at(['uploadTransactions', 1, 'message'], 'FORBIDDEN')],
    };
    expect(read(body, 2)).toMatchObject([
      { status: 'applied' },
      { status: 'retry', error: { code: 'misconfigured' } },
    ]);
  });

  it('about the token ends the whole call, so that it is refreshed', () => {
    const body = { ...data(success, null), errors: [at(['uploadTransactions', 1], 'UNAUTHENTICATED')] };
    expect(failure(() => read(body, 2)).code).toBe('unauthenticated');
  });
});

describe('an error that leads to no transaction', () => {
  const paths: [string, unknown][] = [
    ['no path', undefined],
    ['an empty path', []],
    ['the field', ['uploadTransactions']],
    ['another field', ['version', 0]],
    ['a transaction that was not sent', ['uploadTransactions', 2]],
    ['a negative index', ['uploadTransactions', -1]],
    ['an index as text', ['uploadTransactions', '0']],
    ['half a transaction', ['uploadTransactions', 0.5]],
    ['a path as text', 'uploadTransactions.0'],
  ];
  it.each(paths)('%s: nothing is applied, even beside complete data', (_, path) => {
    const body = { ...data(success, success), errors: [at(path, 'INTERNAL_SERVER_ERROR')] };
    expect(failure(() => read(body, 2)).code).toBe('unavailable');
  });

  it.each(paths)('%s: a refusal is thrown, so that the batch is bisected', (_, path) => {
    const body = { data: null, errors: [at(path, 'CONFLICT')] };
    expect(failure(() => read(body, 2)).code).toBe('conflict');
  });

  it.each(paths)('%s: a refusal beside results rejects none of them', (_, path) => {
    for (const count of [1, 2]) {
      const body = { ...data(...Array(count).fill(success)), errors: [at(path, 'CONFLICT')] };
      expect(failure(() => read(body, count)).code).toBe('misconfigured');
    }
  });

  it('is the outcome of a transaction that was sent alone, with the words of the backend', () => {
    const body = { data: null, errors: [at(['uploadTransactions'], 'CONFLICT')] };
    expect(read(body)).toMatchObject([
      { status: 'rejected', inBand: false, details: { extensions: { code: 'CONFLICT' } } },
    ]);
  });

  it('decides also where others lead to one', () => {
    const errors = [at(['uploadTransactions', 0], 'CONFLICT'), at(undefined, 'INTERNAL_SERVER_ERROR')];
    expect(failure(() => read({ ...data(null, success), errors }, 2)).code).toBe('unavailable');
  });

  const locations = [{ line: 1, column: 29 }];
  it.each<[UploadErrorCode, string | undefined, number, object]>([
    ['schema_mismatch', 'BAD_USER_INPUT', 400, { locations }],
    ['schema_mismatch', undefined, 400, { locations }],
    ['schema_mismatch', undefined, 200, { locations }],
    ['schema_mismatch', 'GRAPHQL_VALIDATION_FAILED', 200, { locations }],
    ['misconfigured', 'GRAPHQL_PARSE_FAILED', 400, { locations }],
    ['invalid', 'BAD_USER_INPUT', 400, {}],
    ['unclassified', undefined, 400, {}],
    ['unclassified', undefined, 400, { locations: [] }],
    ['unclassified', 'LIST_IS_FULL', 200, {}],
  ])('%s: %s before the execution, at status %i and %j in the document', (code, own, status, more) => {
    const body = { errors: [at(undefined, own, more)] };
    expect(failure(() => read(body, 2, status)).code).toBe(code);
  });

  it('a document that does not fit is held also when one transaction was sent: its data is not at fault', () => {
    const body = { errors: [at(undefined, 'BAD_USER_INPUT', { locations })] };
    expect(failure(() => read(body, 1, 400)).code).toBe('schema_mismatch');
  });
});

describe('hostile answers', () => {
  it('come out as outcomes or as an UploadError, and apply nothing that has an error', () => {
    const leaf = fc.oneof(fc.jsonValue(), fc.constantFrom('success', 'fatal_error', 'CONFLICT', '__proto__'));
    const result = fc.oneof(
      fc.constantFrom<unknown>(success, fatal(), null, { status: 'not_attempted' }),
      fc.record(
        { status: leaf, failed_operation: leaf, requires_client_handling: leaf },
        { requiredKeys: [] },
      ),
      leaf,
    );
    const path = fc.oneof(
      fc.tuple(fc.constantFrom('uploadTransactions', 'x'), fc.oneof(fc.integer({ min: -1, max: 3 }), leaf)),
      leaf,
    );
    const error = fc.record(
      { message: fc.oneof(fc.string(), leaf), path, extensions: fc.oneof(fc.record({ code: leaf }), leaf) },
      { requiredKeys: ['message'] },
    );
    const body = fc.record(
      {
        data: fc.oneof(fc.record({ uploadTransactions: fc.array(result, { maxLength: 3 }) }), leaf),
        errors: fc.oneof(fc.array(error, { maxLength: 3 }), leaf),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        body,
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(200, 400, 404, 500),
        (value, count, status) => {
          try {
            const outcomes = read(value, count, status);
            const hasErrors = Array.isArray(value.errors) && value.errors.length > 0;
            expect(status).toBeLessThan(500);
            for (const [index, outcome] of outcomes.entries()) {
              expect(['applied', 'rejected', 'retry', 'not_attempted']).toContain(outcome.status);
              if (outcome.status !== 'applied') continue;
              const list = (value.data as { uploadTransactions: { status?: unknown }[] }).uploadTransactions;
              expect(list[index]?.status).toBe('success');
              if (hasErrors) {
                const paths = (value.errors as { path?: unknown[] }[]).map((each) => each.path);
                expect(paths.every((each) => Array.isArray(each) && each[0] === 'uploadTransactions')).toBe(
                  true,
                );
                expect(paths.some((each) => each?.[1] === index)).toBe(false);
              }
            }
          } catch (thrown) {
            if (!(thrown instanceof UploadError)) throw thrown;
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
