import { describe, expect, it } from 'vitest';
import { isSuccess, notTheContract, refusalOf } from '../../../src/contract/http-answer.ts';

const answer = (status: number, text = '', headers: Record<string, string> = {}) => ({
  status,
  headers: new Headers(headers),
  text,
});

/** A refusal whose body is this JSON. */
const refusal = (status: number, body: unknown, headers?: Record<string, string>) =>
  refusalOf(answer(status, JSON.stringify(body), headers));

describe('isSuccess()', () => {
  it.each([200, 201, 204, 299])('%i is one', (status) => {
    expect(isSuccess(answer(status))).toBe(true);
  });

  it.each([0, 101, 199, 300, 304, 400, 500])('%i is none', (status) => {
    expect(isSuccess(answer(status))).toBe(false);
  });
});

describe('refusalOf()', () => {
  it.each([
    [400, 'invalid'],
    [409, 'conflict'],
    [422, 'invalid'],
    [403, 'forbidden'],
  ])('believes %i of a backend that answers a JSON object', (status, code) => {
    expect(refusal(status, { message: 'The list is closed.' })).toMatchObject({
      code,
      status,
      message: `[${code}] The backend answered with HTTP status ${status}.`,
    });
  });

  it.each([400, 403, 409, 422])('takes %i without a JSON object for the answer of a proxy', (status) => {
    for (const text of ['', '<h1>Blocked</h1>', '"no"', '[]', 'null', '{"message"']) {
      expect(refusalOf(answer(status, text)), text).toMatchObject({
        code: 'misconfigured',
        status,
        message: expect.stringMatching(
          `^\\[misconfigured\\] HTTP status ${status}, but the answer is not JSON, so`,
        ),
      });
    }
  });

  it.each([
    [401, 'unauthenticated'],
    [413, 'too_large'],
    [429, 'throttled'],
    [503, 'unavailable'],
  ])('believes %i whoever says it, and waits as long as that asks', (status, code) => {
    const error = refusalOf(answer(status, '<h1>Blocked</h1>', { 'Retry-After': '7' }));
    expect(error).toMatchObject({ code, status, retryAfterMs: 7000 });
  });

  it('keeps the writes where a gateway forbids: it is not the backend that refused them', () => {
    const error = refusal(403, { message: 'You cannot consume this service' });
    expect(error).toMatchObject({ code: 'misconfigured', status: 403 });
    expect(error.detail).toMatch(/^HTTP status 403, but the answer is that of a gateway, so /);
    expect(refusal(403, { message: 'Closed.' }, { 'cf-mitigated': 'block' }).code).toBe('misconfigured');
  });

  it('does not believe a 403 without a reason at once', () => {
    const error = refusal(403, { message: 'Forbidden' });
    expect(error).toMatchObject({
      code: 'unclassified',
      status: 403,
      budget: { attempts: 10, minMs: 600_000 },
    });
    expect(error.detail).toMatch(/^HTTP status 403 without a reason, /);
  });

  it('asks for a reason of a 403 only: the other statuses are one', () => {
    expect(refusal(409, { message: 'Forbidden' }).code).toBe('conflict');
    expect(refusal(422, { message: 'RBAC: access denied' }).code).toBe('invalid');
    expect(refusal(400, {}, { 'x-kong-response-latency': '1' }).code).toBe('invalid');
  });
});

describe('notTheContract()', () => {
  it('says what was answered, with its status where it had one', () => {
    const of = notTheContract(200, 'without a list of results');
    expect(of).toMatchObject({ code: 'misconfigured', status: 200 });
    expect(of.detail).toMatch(/^HTTP status 200, but the answer is without a list of results, so /);
    const without = notTheContract(undefined, 'not JSON');
    expect(without).not.toHaveProperty('status');
    expect(without.detail).toMatch(/^The backend answered, but the answer is not JSON, so /);
  });
});
