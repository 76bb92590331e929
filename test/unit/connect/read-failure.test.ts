import { Code, ConnectError } from '@connectrpc/connect';
import { UploadError, type UploadErrorCode } from 'powersync-backend-connector';
import { describe, expect, it } from 'vitest';
import { isConnectError, readFailure } from '../../../src/connect/read-failure.ts';
import { everythingIn } from '../../http/support.ts';

interface Made {
  message?: string;
  metadata?: Record<string, string>;
  cause?: unknown;
  isWireError?: boolean | undefined;
}

function made(
  code: number,
  { message = 'SECRET', metadata = {}, cause, ...others }: Made = {},
): ConnectError {
  return Object.assign(new ConnectError(message, code, metadata, undefined, cause), others);
}

const read = (error: unknown, count = 1) => readFailure(error, count);
const GRPC = { metadata: { 'grpc-status': '7' } };

describe('readFailure()', () => {
  it.each([3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 2, 1])(
    'code %d rejects nothing where no backend said it',
    (code) => {
      expect(['network', 'misconfigured']).toContain(read(made(code)).code);
    },
  );

  it.each<[number, UploadErrorCode]>([
    [4, 'timeout'],
    [8, 'throttled'],
    [14, 'network'],
    [16, 'unauthenticated'],
  ])('code %d of the client is %s', (code, meaning) => {
    expect(read(made(code)).code).toBe(meaning);
  });

  it('reads a message of any length in no time', () => {
    const started = performance.now();
    for (const part of ['message ', 'message', ' ', 'larger than '])
      for (const code of [8, 11])
        read(made(code, { ...GRPC, message: part.repeat(1_000_000 / part.length) }));
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('believes a gRPC status, and JSON that Connect read as an error', () => {
    expect(read(made(7, GRPC)).code).toBe('forbidden');
    expect(read(made(7, { isWireError: true })).code).toBe('forbidden');
  });

  it('believes JSON by its content type, where an old version of Connect does not say', () => {
    const metadata = { 'content-type': 'application/json; charset=utf-8' };
    expect(read(made(7, { metadata, isWireError: undefined })).code).toBe('forbidden');
    expect(read(made(7, { metadata, isWireError: false })).code).toBe('misconfigured');
    expect(read(made(7, { metadata: { 'content-type': 'text/html' }, isWireError: undefined })).code).toBe(
      'misconfigured',
    );
  });

  it('reads the HTTP status that Connect shows, and what to wait', () => {
    const error = read(made(14, { message: 'HTTP 503', metadata: { 'retry-after': '5' } }));
    expect(error).toMatchObject({ code: 'unavailable', status: 503, retryAfterMs: 5000 });
    expect(read(made(7, { message: 'HTTP 403' }))).toMatchObject({ code: 'misconfigured', status: 403 });
    expect(read(made(7, { message: 'HTTP 403', ...GRPC })).code).toBe('forbidden');
    expect(read(made(7, { message: 'HTTP 403: go away' })).code).toBe('misconfigured');
  });

  it.each([
    'Received message larger than max (5000 vs. 100)',
    'grpc: received message larger than max (5000 vs. 100)',
    'SERVER: Received message larger than max (5000 vs. 100)',
    'gRPC message exceeds maximum size 4194304: 5000000',
    'Received message exceeds the maximum configured message size.',
    'message size 5000 is larger than configured max 100',
    'message size 5000 is larger than configured readMaxBytes 100',
    'Error, decoded message length too large: found 5000 bytes, the limit is: 100 bytes',
  ])('%j is too_large', (message) => {
    expect(read(made(8, { ...GRPC, message })).code).toBe('too_large');
    expect(read(made(11, { ...GRPC, message })).code).toBe('too_large');
  });

  it.each(['quota of messages exceeded', 'too many requests', 'The limit is 4 MB', ''])(
    '%j is a reason to wait',
    (message) => {
      expect(read(made(8, { ...GRPC, message })).code).toBe('throttled');
    },
  );

  it('a limit of the client itself makes batches smaller, and rejects no single transaction', () => {
    const message = 'message size 5000 is larger than configured writeMaxBytes 100';
    expect(read(made(8, { message }), 2).code).toBe('too_large');
    expect(read(made(8, { message }), 1).code).toBe('misconfigured');
  });

  it('reads a failed fetch, an abort and an UploadError behind the error', () => {
    expect(read(made(2, { cause: new TypeError('Failed to fetch') })).code).toBe('network');
    expect(read(made(2, { cause: new TypeError('Network request failed') })).code).toBe('network');
    expect(read(made(2, { cause: new UploadError('throttled', 'Wait') })).code).toBe('throttled');
  });

  it.each(['ECONNRESET', 'EPIPE', 'CERT_HAS_EXPIRED', 'ERR_HTTP2_STREAM_ERROR'])(
    '%s is the network',
    (code) => {
      const cause = Object.assign(new Error('read'), { code });
      // Of a message that isn't the platform's, only the code is kept.
      expect(read(made(10, { cause }))).toMatchObject({ code: 'network', cause: { message: code } });
      expect(read(made(13, { cause })).code).toBe('network');
    },
  );

  it('shows nothing of a message, its metadata or what it was made of', () => {
    const cause = new SyntaxError('Unexpected token < in SECRET');
    for (const error of [made(2, { cause }), made(3, GRPC), made(13), made(99, GRPC)])
      expect(everythingIn(read(error))).not.toContain('SECRET');
  });

  it('leaves to UploadError.from() what is no ConnectError', () => {
    expect(read(new TypeError('fetch failed')).code).toBe('network');
    expect(
      read(Object.assign(new Error('x'), { name: 'ConnectError', code: 'permission_denied' })).code,
    ).toBe('unknown');
    expect(read('text').code).toBe('unknown');
    expect(isConnectError(new ConnectError('x', Code.Aborted))).toBe(true);
    expect(isConnectError({ name: 'ConnectError', code: 7, rawMessage: '', metadata: new Headers() })).toBe(
      false,
    );
  });
});

describe('google.rpc.RetryInfo', () => {
  const waits = (value: unknown, type = 'google.rpc.RetryInfo') => {
    const error = made(14, GRPC);
    error.details.push(
      { type: 'google.rpc.Help', value: new Uint8Array() },
      { type, value: value as Uint8Array },
    );
    return read(error).retryAfterMs;
  };

  it.each<[string, number[], number | undefined]>([
    ['two and a half seconds', [0x0a, 8, 0x08, 2, 0x10, 0x80, 0xca, 0xb5, 0xee, 1], 2500],
    ['nothing', [], undefined],
    ['no time at all', [0x0a, 0], 0],
    ['more than an hour', [0x0a, 4, 0x08, 0xff, 0xff, 0x7f], 3_600_000],
    ['a negative time', [0x0a, 11, 0x08, ...Array(9).fill(0xff), 1], undefined],
    ['bytes that end too early', [0x0a, 8, 0x08], undefined],
    ['another field', [0x12, 2, 0x08, 2], undefined],
  ])('%s', (_, bytes, expected) => {
    expect(waits(new Uint8Array(bytes))).toBe(expected);
  });

  it('of another type, or no bytes, says nothing', () => {
    expect(waits(new Uint8Array([0x0a, 2, 0x08, 2]), 'google.rpc.ErrorInfo')).toBeUndefined();
    expect(waits('CgIIAg==')).toBeUndefined();
  });
});
