import { HttpResponse } from 'msw';
import type { Outcome, UploadErrorCode } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { describe, expect, it } from 'vitest';
import {
  batch,
  context,
  failureOf,
  fatal,
  page,
  refusal,
  results,
  serveWriteApi,
  success,
  URL_OF_API,
} from './support.ts';

const api = serveWriteApi();
const transport = writeApi({ url: URL_OF_API });

function deliver(...names: string[]) {
  return transport(batch(...names), context());
}

async function onlyOutcome(result: unknown): Promise<Outcome | undefined> {
  api.answers(results(result));
  return (await deliver('a'))[0];
}

describe('writeApi(): a refused request, by the error table', () => {
  const rows: [code: UploadErrorCode, status: number][] = [
    ['invalid', 400],
    ['unauthenticated', 401],
    ['unknown', 402],
    ['forbidden', 403],
    ['misconfigured', 404],
    ['misconfigured', 405],
    ['timeout', 408],
    ['conflict', 409],
    ['misconfigured', 410],
    ['conflict', 412],
    ['too_large', 413],
    ['invalid', 415],
    ['unknown', 418],
    ['invalid', 422],
    ['throttled', 425],
    ['update_required', 426],
    ['throttled', 429],
    ['unknown', 451],
    ['unavailable', 500],
    ['misconfigured', 501],
    ['unavailable', 502],
    ['unavailable', 503],
    ['unavailable', 504],
    ['unavailable', 507],
    ['unavailable', 599],
  ];
  it.each(rows)('%s: %d in the form of the contract', async (code, status) => {
    api.answers(refusal(status));
    expect(await failureOf(deliver('a'))).toMatchObject({ code, status });
  });

  const pages: [code: UploadErrorCode, status: number][] = [
    ['misconfigured', 400],
    ['unauthenticated', 401],
    ['misconfigured', 403],
    ['misconfigured', 404],
    ['misconfigured', 409],
    ['misconfigured', 412],
    ['too_large', 413],
    ['misconfigured', 415],
    ['misconfigured', 422],
    ['throttled', 429],
    ['unavailable', 500],
    ['unavailable', 502],
    ['unavailable', 503],
  ];
  it.each(pages)('%s: %d with a web page', async (code, status) => {
    api.answers(page(status));
    expect(await failureOf(deliver('a'))).toMatchObject({ code, status });
  });

  it.each([400, 403, 409, 422])('misconfigured: %d without a body', async (status) => {
    api.answers(new HttpResponse(null, { status }));
    expect(await failureOf(deliver('a'))).toMatchObject({ code: 'misconfigured', status });
  });

  it.each(['"Bad Request"', '[]', 'null', '400', '{"message":'])(
    'misconfigured: 400 with %s, which is no JSON object',
    async (text) => {
      api.answers(new HttpResponse(text, { status: 400, headers: { 'content-type': 'application/json' } }));
      expect(await failureOf(deliver('a'))).toMatchObject({ code: 'misconfigured', status: 400 });
    },
  );

  it('tells the content by what it is, not by its label: JSON sent as text counts', async () => {
    api.answers(HttpResponse.text('{"message":"no"}', { status: 400 }));
    expect(await failureOf(deliver('a'))).toMatchObject({ code: 'invalid' });
  });
});

describe('writeApi(): Retry-After', () => {
  it.each([429, 503])('%d: in seconds', async (status) => {
    api.answers(refusal(status, { 'retry-after': '120' }));
    expect(await failureOf(deliver('a'))).toMatchObject({ status, retryAfterMs: 120_000 });
  });

  it.each([429, 503])('%d: as a date, measured by the clock of the backend', async (status) => {
    api.answers(
      refusal(status, {
        date: 'Sun, 06 Nov 1994 08:49:37 GMT',
        'retry-after': 'Sun, 06 Nov 1994 08:50:07 GMT',
      }),
    );
    expect(await failureOf(deliver('a'))).toMatchObject({ status, retryAfterMs: 30_000 });
  });

  it('as a date that is over: no wait', async () => {
    api.answers(
      refusal(503, { date: 'Sun, 06 Nov 1994 08:49:37 GMT', 'retry-after': 'Sun, 06 Nov 1994 08:00:00 GMT' }),
    );
    expect((await failureOf(deliver('a'))).retryAfterMs).toBe(0);
  });

  it('is cut to an hour', async () => {
    api.answers(refusal(503, { 'retry-after': '99999999999' }));
    expect((await failureOf(deliver('a'))).retryAfterMs).toBe(3_600_000);
  });

  it.each(['soon', '', '-5', 'NaN', '1e9'])('"%s" is none', async (value) => {
    api.answers(refusal(503, { 'retry-after': value }));
    expect((await failureOf(deliver('a'))).retryAfterMs).toBeUndefined();
  });
});

describe('writeApi(): a result of each kind', () => {
  it('success is applied', async () => {
    expect(await onlyOutcome(success)).toEqual({ status: 'applied' });
  });

  it('success with members nobody knows is applied', async () => {
    expect(await onlyOutcome({ ...success, version: 3 })).toEqual({ status: 'applied' });
  });

  it('not_attempted is not attempted', async () => {
    expect(await onlyOutcome({ status: 'not_attempted' })).toEqual({ status: 'not_attempted' });
  });

  it('retryable_error is tried again', async () => {
    const outcome = await onlyOutcome({ status: 'retryable_error', message: 'deadlock detected' });
    expect(outcome).toMatchObject({ status: 'retry', error: { code: 'unavailable' } });
  });

  const waits: [unknown, number | undefined][] = [
    [1_500, 1_500],
    [0, 0],
    [7_200_000, 3_600_000],
    [-1, undefined],
    ['1500', undefined],
    [null, undefined],
  ];
  it.each(waits)('retry_after_ms %s means a wait of %s ms', async (retry_after_ms, expected) => {
    const outcome = await onlyOutcome({ status: 'retryable_error', retry_after_ms });
    expect((outcome as { error: { retryAfterMs?: number } }).error.retryAfterMs).toBe(expected);
  });

  const codes: [UploadErrorCode, string][] = [
    ['invalid', 'NOT_NULL_VIOLATION'],
    ['conflict', 'UNIQUE_VIOLATION'],
    ['conflict', 'FOREIGN_KEY_VIOLATION'],
    ['invalid', 'CHECK_VIOLATION'],
    ['invalid', 'CONSTRAINT_VIOLATION'],
    ['invalid', 'INVALID_DATA'],
    ['invalid', 'DOCUMENT_VALIDATION_FAILURE'],
    ['schema_mismatch', 'SCHEMA_MISMATCH'],
    ['forbidden', 'UNAUTHORIZED'],
    ['unclassified', 'UNCLASSIFIED_ERROR'],
    ['invalid', 'LIST_IS_FULL'],
    ['invalid', '__proto__'],
    ['invalid', ''],
  ];
  it.each(codes)('%s: fatal_error %s', async (code, errorCode) => {
    const outcome = await onlyOutcome(fatal(errorCode));
    expect(outcome).toMatchObject({ status: 'rejected', error: { code }, needsDecision: false });
  });

  it('gives up UNCLASSIFIED_ERROR after ten tries and ten minutes, and no other code by budget', async () => {
    expect(await onlyOutcome(fatal('UNCLASSIFIED_ERROR'))).toMatchObject({
      error: { budget: { attempts: 10, minMs: 600_000 } },
    });
    const certain = await onlyOutcome(fatal('INVALID_DATA'));
    expect(certain).toMatchObject({
      status: 'rejected',
      error: expect.not.objectContaining({ budget: expect.anything() }),
    });
  });

  it.each([
    'permission denied for table lists',
    'new row violates row-level security policy for table "lists"',
  ])('forbidden: SCHEMA_MISMATCH that PostgreSQL explains with "%s"', async (message) => {
    const failed_operation = { error_code: 'SCHEMA_MISMATCH', message };
    expect(await onlyOutcome(fatal('', { failed_operation }))).toMatchObject({
      error: { code: 'forbidden' },
    });
    expect(await onlyOutcome(fatal('SCHEMA_MISMATCH', { message }))).toMatchObject({
      error: { code: 'forbidden' },
    });
  });

  it('requires_client_handling asks for a decision', async () => {
    expect(await onlyOutcome(fatal('LIST_IS_FULL', { requires_client_handling: true }))).toMatchObject({
      status: 'rejected',
      needsDecision: true,
    });
  });

  const indexes: [unknown, number | undefined][] = [
    [0, 0],
    [3, 3],
    [-1, undefined],
    [1.5, undefined],
    ['1', undefined],
    [undefined, undefined],
  ];
  it.each(indexes)('operation_index %s points to entry %s', async (operation_index, expected) => {
    const failed_operation = { error_code: 'INVALID_DATA', operation_index };
    const outcome = await onlyOutcome(fatal('', { failed_operation }));
    expect((outcome as { entryIndex?: number }).entryIndex).toBe(expected);
  });

  it('hands the words of the backend to the rejection policy, apart from the error', async () => {
    const failed_operation = { error_code: 'INVALID_DATA', message: 'age of Ada', details: { age: 'x' } };
    expect(await onlyOutcome(fatal('', { failed_operation }))).toMatchObject({ details: failed_operation });
    expect(await onlyOutcome(fatal('INVALID_DATA', { message: 'age of Ada' }))).toMatchObject({
      details: { error_code: 'INVALID_DATA', message: 'age of Ada' },
    });
  });

  it('keeps the order of the transactions', async () => {
    const kinds = [
      success,
      fatal('INVALID_DATA'),
      { status: 'retryable_error' },
      { status: 'not_attempted' },
    ];
    api.answers(results(...kinds));
    expect((await deliver('a', 'b', 'c', 'd')).map(({ status }) => status)).toEqual([
      'applied',
      'rejected',
      'retry',
      'not_attempted',
    ]);
  });

  it.each([200, 201, 207])('%d is an answer like any 2xx', async (status) => {
    api.answers(HttpResponse.json({ results: [success] }, { status }));
    expect(await deliver('a')).toEqual([{ status: 'applied' }]);
  });
});

describe('writeApi(): an answer that says nothing keeps every write', () => {
  const answers: [string, () => Response][] = [
    ['200 with a web page', () => page(200)],
    ['200 without a body', () => new HttpResponse(null, { status: 200 })],
    ['200 with spaces', () => HttpResponse.text('  ')],
    ['202 without a body', () => new HttpResponse(null, { status: 202 })],
    ['204', () => new HttpResponse(null, { status: 204 })],
    ['200 with half of the JSON', () => HttpResponse.text('{"results":[{"status":"succ')],
    [
      '200 with JSON and something behind it',
      () => HttpResponse.text('{"results":[{"status":"success"}]}<p>'),
    ],
    ['200 with null', () => HttpResponse.json(null)],
    ['200 with a list', () => HttpResponse.json([success])],
    ['200 with a text', () => HttpResponse.json('ok')],
    ['200 with another object', () => HttpResponse.json({ success: true })],
    ['200 with results that are no list', () => HttpResponse.json({ results: { 0: success, length: 1 } })],
    ['200 with results null', () => HttpResponse.json({ results: null })],
    ['200 with no result', () => results()],
    ['200 with too many results', () => results(success, success)],
    ['a result null', () => results(null)],
    ['a result that is a text', () => results('success')],
    ['a result that is a list', () => results(['success'])],
    ['a result without status', () => results({})],
    ['a result with status null', () => results({ status: null })],
    ['a result with a status nobody knows', () => results({ status: 'done' })],
    ['a result with status in capitals', () => results({ status: 'SUCCESS' })],
    [
      'a fatal_error without requires_client_handling',
      () => results(fatal('X', { requires_client_handling: undefined })),
    ],
    [
      'a fatal_error with requires_client_handling as text',
      () => results(fatal('X', { requires_client_handling: 'true' })),
    ],
    ['a fatal_error without failed_operation', () => results(fatal('X', { failed_operation: undefined }))],
    ['a fatal_error with failed_operation null', () => results(fatal('X', { failed_operation: null }))],
    ['a fatal_error without error_code', () => results(fatal('X', { failed_operation: {} }))],
    [
      'a fatal_error with a number as error_code',
      () => results(fatal('X', { failed_operation: { error_code: 7 } })),
    ],
  ];
  it.each(answers)('misconfigured: %s', async (_, answer) => {
    api.answers(answer());
    expect(await failureOf(deliver('a'))).toMatchObject({ code: 'misconfigured' });
  });

  it('misconfigured: fewer results than transactions, although the first ones could be read', async () => {
    api.answers(results(success, success));
    expect(await failureOf(deliver('a', 'b', 'c'))).toMatchObject({ code: 'misconfigured' });
  });

  it('misconfigured: one malformed result among good ones, since the rest may be shifted', async () => {
    api.answers(results(success, {}, success));
    expect(await failureOf(deliver('a', 'b', 'c'))).toMatchObject({ code: 'misconfigured' });
  });

  it('counts results by what was sent, not by what was asked', async () => {
    const small = writeApi({ url: URL_OF_API, maxBodyBytes: 1 });
    api.answers(results(success));
    expect(await small(batch('a', 'b'), context())).toEqual([
      { status: 'applied' },
      { status: 'not_attempted' },
    ]);
    api.answers(results(success, success));
    expect(await failureOf(small(batch('a', 'b'), context()))).toMatchObject({ code: 'misconfigured' });
  });
});
