import { UploadError, type UploadErrorCode } from 'powersync-backend-connector';
import { batchEndpoint, rowEndpoints, writeApi } from 'powersync-backend-connector/http';
import { describe, expect, it } from 'vitest';
import { batch, context } from './support.ts';

const TRANSPORTS = { writeApi, batchEndpoint, rowEndpoints };

const AMAZON = { 'x-amzn-errortype': 'ForbiddenException' };

/** Bodies of a 403, by who sends them. */
const CASES: [who: string, code: UploadErrorCode, body: unknown, headers?: Record<string, string>][] = [
  ['AWS: no such route', 'misconfigured', { message: 'Missing Authentication Token' }],
  ['AWS', 'misconfigured', { message: 'Forbidden' }, AMAZON],
  ['AWS, a refusal of the app’s words', 'misconfigured', { message: 'words' }, AMAZON],
  ['AWS, an authorizer', 'misconfigured', { Message: 'User is not authorized to access this resource' }],
  [
    'AWS, a policy',
    'misconfigured',
    { Message: 'User is not authorized to access this resource with an explicit deny' },
  ],
  [
    'AWS, a signature',
    'misconfigured',
    { message: 'The security token included in the request is invalid.' },
  ],
  ['Kong', 'misconfigured', { message: 'You cannot consume this service', request_id: 'x' }],
  ['Kong, by address', 'misconfigured', { message: 'Your IP address is not allowed' }],
  ['Kong, by address, later', 'misconfigured', { message: 'IP address not allowed: 10.0.0.1' }],
  ['Envoy', 'misconfigured', { code: 403, message: 'RBAC: access denied' }],
  ['Cloudflare', 'misconfigured', { cloudflare_error: true, error_code: 1020, title: 'Access denied' }],
  ['Cloudflare, a challenge', 'misconfigured', { title: 'Just a moment' }, { 'cf-mitigated': 'challenge' }],
  ['Apigee', 'misconfigured', { fault: { faultstring: 'Access Denied for client ip', detail: {} } }],
  ['Vercel', 'misconfigured', { error: { code: '403', message: 'Forbidden' } }, { 'x-vercel-error': 'X' }],
  ['a page', 'misconfigured', '<html>'],
  ['nothing', 'misconfigured', ''],
  ['AWS, or Express', 'unclassified', { message: 'Forbidden' }],
  ['Express', 'unclassified', { error: 'forbidden' }],
  ['NestJS', 'unclassified', { statusCode: 403, message: 'Forbidden' }],
  ['Spring', 'unclassified', { timestamp: '2026', status: 403, error: 'Forbidden', path: '/lists/a' }],
  ['anybody', 'unclassified', { title: 'Access denied.', status: 403 }],
  ['a middleware that checks tokens', 'unclassified', { error: 'Invalid token' }],
  ['jsonwebtoken', 'unclassified', { success: false, message: 'jwt expired' }],
  ['AWS, an authorizer', 'unclassified', { message: 'The incoming token has expired' }],
  ['nobody', 'unclassified', {}],
  ['an envelope', 'unclassified', { success: false, error: { message: 'Forbidden' } }],
  ['an app', 'forbidden', { message: 'Only the owner may change this list' }],
  ['an app with a code', 'forbidden', { error: 'Forbidden', code: 'NOT_THE_OWNER' }],
  ['NestJS, a guard', 'forbidden', { statusCode: 403, message: 'Forbidden resource', error: 'Forbidden' }],
  ['PostgreSQL', 'forbidden', { code: '42501', message: 'words' }],
  ['Google', 'forbidden', { error: { code: 403, message: 'words', status: 'PERMISSION_DENIED' } }],
];

describe.each(Object.entries(TRANSPORTS))('%s(): 403', (_, make) => {
  it.each(CASES)('of %s is %s', async (_who, code, body, headers = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const fetch = async () => new Response(text, { status: 403, headers });
    const sent = make({ url: 'https://api.test', fetch })(batch('a'), context());
    const failure = await sent.then(
      ([outcome]) => (outcome && 'error' in outcome ? outcome.error : undefined),
      UploadError.from,
    );
    expect(failure).toMatchObject({ code, status: 403 });
    expect(failure?.budget).toEqual(code === 'unclassified' ? { attempts: 10, minMs: 600_000 } : undefined);
  });

  it('is what the app says of its code, whatever else is in it', async () => {
    const fetch = async () => Response.json({ message: 'Forbidden', code: 'X' }, { status: 403 });
    const errorCodes = { X: 'conflict' } as const;
    const sent = make({ url: 'https://api.test', fetch, errorCodes })(batch('a'), context());
    const failure = await sent.then(
      ([outcome]) => outcome,
      (error) => ({ error }),
    );
    expect(failure).toMatchObject({ error: { code: 'conflict' } });
  });
});
