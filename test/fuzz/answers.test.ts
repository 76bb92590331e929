// Whatever a server answers: an outcome for each transaction, or an UploadError; no hang, no polluted prototype.
import fc from 'fast-check';
import { type Outcome, type Transport, UploadError, type UploadErrorCode } from 'powersync-backend-connector';
import { graphql } from 'powersync-backend-connector/graphql';
import { batchEndpoint, rowEndpoints, writeApi } from 'powersync-backend-connector/http';
import * as presets from 'powersync-backend-connector/presets';
import { describe, expect, it } from 'vitest';
import { readJwtClaims } from '../../src/auth/jwt.ts';
import { defaultVerdict } from '../../src/error/codes.ts';
import { parseHttpDate, parseRetryAfter } from '../../src/error/retry-after.ts';
import { batch, context } from '../http/support.ts';

const url = 'https://api.test';
const login = () => ({ email: 'a', password: 'b' });
const mutations = () => ({ mutation: 'mutation { write }', variables: () => ({}) });

const TRANSPORTS: Record<string, (fetch: typeof globalThis.fetch) => Transport> = {
  'writeApi()': (fetch) => writeApi({ url, fetch }),
  'batchEndpoint()': (fetch) => batchEndpoint({ url, fetch }),
  'batchEndpoint(), several': (fetch) => batchEndpoint({ url, fetch, maxTransactions: 10 }),
  'rowEndpoints()': (fetch) => rowEndpoints({ url, fetch }),
  'graphql()': (fetch) => graphql({ url, fetch }),
  'graphql(), entry by entry': (fetch) => graphql({ url, fetch, mutations }),
  'nodejs()': (fetch) => presets.nodejs({ url, fetch, userId: 'ada' }).transport,
  'nextjs()': (fetch) => presets.nextjs({ url, fetch, userId: 'ada' }).transport,
  'django()': (fetch) => presets.django({ url, fetch }).transport,
  'dotnet()': (fetch) => presets.dotnet({ url, fetch, userId: 'ada' }).transport,
  'laravel()': (fetch) => presets.laravel({ url, fetch, userId: 'ada' }).transport,
  'nestjs()': (fetch) => presets.nestjs({ url, fetch, login }).transport,
  'agentSkills()': (fetch) => presets.agentSkills({ url, fetch, userId: 'ada' }).transport,
};

/** Members that contracts read, with anything in them. */
const KEYS = [
  ...[
    'results',
    'status',
    'success',
    'ok',
    'error',
    'errors',
    'rejected',
    'processed',
    'message',
    'code',
    'id',
  ],
  ...[
    'requires_client_handling',
    'failed_operation',
    'error_code',
    'operation_index',
    'retry_after_ms',
    'index',
  ],
  ...['data', 'uploadTransactions', 'extensions', 'path', '__proto__', 'constructor', 'toString', 'length'],
];
const WORDS = [
  'success',
  'fatal_error',
  'retryable_error',
  'not_attempted',
  'ok',
  'key-of-a',
  'a',
  '23505',
  '',
];
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(...WORDS, 0, 1, -1, 2.5, 1e308, null, true, false),
    fc.string(),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('json'), { maxKeys: 4 }),
  ),
}));
const text = fc.oneof(
  json.map((value) => JSON.stringify(value) ?? ''),
  json.map((value) => (JSON.stringify(value) ?? '').slice(0, -1)),
  fc.constantFrom(
    '',
    '<html>',
    'null',
    '[',
    '"',
    '{"__proto__":{"polluted":true}}',
    '\u0000',
    '9'.repeat(400),
  ),
  fc.string(),
);
const status = fc.oneof(
  fc.constantFrom(200, 201, 204, 400, 401, 403, 404, 409, 413, 422, 429, 500, 503),
  fc.integer({ min: 200, max: 599 }),
);
const header = fc.string().map((value) => value.replace(/[^\x20-\x7e]/g, ''));

function respond(code: number, body: string, retryAfter: string): Response {
  const headers = { 'retry-after': retryAfter, date: retryAfter };
  return new Response([204, 205, 304].includes(code) ? null : body, { status: code, headers });
}

function check(outcomes: readonly Outcome[], count: number): void {
  expect(outcomes).toHaveLength(count);
  for (const outcome of outcomes) {
    expect(['applied', 'rejected', 'retry', 'not_attempted']).toContain(outcome.status);
    if ('error' in outcome) expect(outcome.error).toBeInstanceOf(UploadError);
  }
}

describe.each(Object.entries(TRANSPORTS))('%s', (_, make) => {
  it('has an outcome for each transaction, or throws an UploadError', async () => {
    await fc.assert(
      fc.asyncProperty(status, text, header, async (code, body, retryAfter) => {
        const transport = make(async () => respond(code, body, retryAfter));
        try {
          check(await transport(batch('a', 'b', 'c'), context()), 3);
        } catch (error) {
          // What isn't an UploadError would be `unknown`, and retried; a transport should know better.
          expect(error).toBeInstanceOf(UploadError);
          const { code: meaning, message } = error as UploadError;
          expect(defaultVerdict(meaning as UploadErrorCode)).toBeDefined();
          if (body.length > 12) expect(message).not.toContain(body);
        }
        expect(Object.prototype).not.toHaveProperty('polluted');
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is read from headers and tokens', () => {
  it('parseRetryAfter(): milliseconds that a timer can take, or undefined', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('1e99', '-1', 'Infinity', '0x10', '999999999999')),
        header,
        (value, date) => {
          const ms = parseRetryAfter(value, date);
          if (ms !== undefined) expect(ms >= 0 && ms < 2 ** 31).toBe(true);
          expect(typeof parseHttpDate(value)).toBe('number');
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('readJwtClaims(): never throws, and takes only what has the right type', () => {
    const part = fc.oneof(
      fc.string(),
      json.map((value) => btoa(encodeURIComponent(JSON.stringify(value) ?? ''))),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const { subject, issuedAt, expiresAt } = readJwtClaims(parts.join('.'));
        expect(['string', 'undefined']).toContain(typeof subject);
        for (const time of [issuedAt, expiresAt]) if (time !== undefined) expect(time).toBeTypeOf('number');
      }),
      { numRuns: 2_000 },
    );
  });
});
