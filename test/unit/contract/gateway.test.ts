import { describe, expect, it } from 'vitest';
import { isGateways, saysOnlyForbidden } from '../../../src/contract/gateway.ts';

const isOf = (body: Record<string, unknown>, headers: Record<string, string> = {}): boolean =>
  isGateways({ status: 403, headers: new Headers(headers) }, body);

describe('isGateways()', () => {
  it.each([
    ['x-amzn-errortype', 'ForbiddenException'],
    ['x-kong-response-latency', '1'],
    ['cf-mitigated', 'challenge'],
    ['x-vercel-error', 'FORBIDDEN'],
    ['X-Kong-Response-Latency', ''],
  ])('knows a gateway by its header %s alone', (name, value) => {
    expect(isOf({ message: 'You may not change this list.' }, { [name]: value })).toBe(true);
  });

  it.each<[string, Record<string, unknown>]>([
    ['Cloudflare', { cloudflare_error: true, title: 'Error 1020' }],
    ['Apigee', { fault: { faultstring: 'Access denied' } }],
    ['API Gateway without a route', { message: 'Missing Authentication Token' }],
    ['an authorizer of AWS', { Message: 'User is not authorized to access this resource' }],
    ['AWS, of an expired token', { message: 'The security token included in the request is expired' }],
    ['AWS, of a header it takes for its own', { message: `'Bearer x' not a valid key=value pair` }],
    ['Kong', { message: 'You cannot consume this service' }],
    ['Kong, of an address', { message: 'Your IP address is not allowed' }],
    ['Tyk', { error: 'Access to this API has been disallowed' }],
    ['Envoy', { error: { message: 'RBAC: access denied' } }],
  ])('knows the words of %s', (_, body) => {
    expect(isOf(body)).toBe(true);
  });

  it.each<Record<string, unknown>>([
    {},
    { message: 'You may not change this list.' },
    { message: 'Forbidden' },
    { error: 'Only the owner may, said the proxy: RBAC: access denied' },
    { error: { message: 'The list is closed.' } },
    { details: 'RBAC: access denied' },
    { cloudflare_error: false },
    { cloudflare_error: 'true' },
    { fault: 'yours' },
    { message: ['RBAC: access denied'] },
    { message: 403 },
    { message: null, error: null },
  ])('takes %j for the backend’s own', (body) => {
    expect(isOf(body, { 'content-type': 'application/json', server: 'nginx' })).toBe(false);
  });
});

describe('saysOnlyForbidden()', () => {
  it.each<Record<string, unknown>>([
    {},
    { message: 'Forbidden' },
    { message: 'Access denied.', statusCode: 403 },
    { error: 'forbidden', status: 403, ok: false },
    { error: 'invalid_token', detail: null },
    { error: { message: 'Permission denied', code: 403 } },
    { error: {} },
    { code: '403', message: 'Unauthorized!' },
    { code: '' },
    { codeText: 'Forbidden' },
    { message: 'The token has expired' },
    { message: '', path: '/api/todos/7', timestamp: '2026-01-01T12:00:00Z', type: 'about:blank' },
    { title: 'Forbidden', 'x-request-id': '4bf92f35', cf_ray_id: 'a1', traceId: 'b2', url: 'https://x' },
    { reason: undefined },
  ])('%j says no more than the status', (body) => {
    expect(saysOnlyForbidden(body)).toBe(true);
  });

  it.each<Record<string, unknown>>([
    { message: 'You may not change this list.' },
    { message: 'Forbidden: the list is closed' },
    { message: 'Forbidden', detail: 'The list is closed.' },
    { detail: 'The list is closed.', message: 'Forbidden' },
    { error: { message: 'The list is closed.' } },
    { error: { message: 'Forbidden', code: 'LIST_CLOSED' } },
    { details: { message: 'Forbidden' } },
    { details: {} },
    { errors: ['Forbidden'] },
    { error: ['Forbidden'] },
    { error: [] },
  ])('%j has a reason', (body) => {
    expect(saysOnlyForbidden(body)).toBe(false);
  });

  it.each([{ code: 'FORBIDDEN' }, { error_code: 'forbidden' }, { errorCode: 'ACCESS_DENIED' }])(
    '%j is a contract: what has codes says what it means',
    (body) => {
      expect(saysOnlyForbidden(body)).toBe(false);
      expect(saysOnlyForbidden({ error: body })).toBe(false);
    },
  );
});
