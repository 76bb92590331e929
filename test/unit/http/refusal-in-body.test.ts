import { describe, expect, it } from 'vitest';
import { readRefusal } from '../../../src/http/refusal-in-body.ts';

/** What a 200 with this body is read as. */
const readBody = (json: unknown) =>
  readRefusal({ status: 200, headers: new Headers(), text: JSON.stringify(json), json }, {});

describe('readRefusal() of a 200', () => {
  it.each([
    {},
    { id: 'a' },
    { success: true, error: null, errors: [] },
    { error_code: 7 },
    { error_code: '' },
    { error_code: 'NO_ERROR' },
    { errorCode: 'ok' },
    { errorCode: null },
    { status: 'ok' },
    { status: 1 },
    { status: 'errors: none' },
    null,
  ])('sees none in %j', (json) => {
    expect(readBody(json)).toBeUndefined();
  });

  it.each([
    { success: false },
    { error: 'The list is closed.' },
    { error_code: 'LIST_CLOSED' },
    { errorCode: 'x' },
    { status: 'error' },
    { status: 'FAILED' },
    { status: 'validation_error' },
    false,
  ])('sees one in %j, which may be an outage', (json) => {
    expect(readBody(json)).toMatchObject({ inBand: true, error: { code: 'unclassified' } });
  });
});
