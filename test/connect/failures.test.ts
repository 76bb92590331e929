import type { RequestListener } from 'node:http';
import { Code, ConnectError } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import * as web from '@connectrpc/connect-web';
import { Metadata } from '@grpc/grpc-js';
import { UploadError, type UploadErrorCode } from 'powersync-backend-connector';
import { writeService } from 'powersync-backend-connector/connect';
import { describe, expect, it } from 'vitest';
import { batch, context, everythingIn, failureOf, put, transaction } from '../http/support.ts';
import {
  applyAll,
  PROTOCOLS,
  startConnectServer,
  startEmptyServer,
  startGrpcJs,
  startHttpServers,
} from './support.ts';

/** What each status of a whole call means; 0 is OK. */
const CODES: readonly [number, string, UploadErrorCode][] = [
  [1, 'CANCELLED', 'unavailable'],
  [2, 'UNKNOWN', 'unknown'],
  [3, 'INVALID_ARGUMENT', 'invalid'],
  [4, 'DEADLINE_EXCEEDED', 'timeout'],
  [5, 'NOT_FOUND', 'misconfigured'],
  [6, 'ALREADY_EXISTS', 'conflict'],
  [7, 'PERMISSION_DENIED', 'forbidden'],
  [8, 'RESOURCE_EXHAUSTED', 'throttled'],
  [9, 'FAILED_PRECONDITION', 'conflict'],
  [10, 'ABORTED', 'conflict'],
  [11, 'OUT_OF_RANGE', 'invalid'],
  [12, 'UNIMPLEMENTED', 'misconfigured'],
  [13, 'INTERNAL', 'unavailable'],
  [14, 'UNAVAILABLE', 'unavailable'],
  [15, 'DATA_LOSS', 'unknown'],
  [16, 'UNAUTHENTICATED', 'unauthenticated'],
];

/** `google.rpc.RetryInfo` of 2.5 seconds. */
const RETRY_INFO = new Uint8Array([0x0a, 0x08, 0x08, 0x02, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]);

describe.each(PROTOCOLS)('a backend that refuses over %s', (protocol, makeTransport) => {
  it.each(CODES)('status %d (%s) is %3$s, and none of its words get out', async (code, _, meaning) => {
    const servers = await startConnectServer(() => {
      throw new ConnectError('SECRET of the backend', code as Code, { 'x-secret': 'SECRET' });
    });
    const failure = await failureOf(
      writeService({ transport: makeTransport(servers) })(
        batch('a'),
        context({ token: async () => 'SECRET' }),
      ),
    );
    expect(failure.code).toBe(meaning);
    expect(everythingIn(failure)).not.toContain('SECRET');
  });

  it('says how long to wait, by Retry-After or by RetryInfo', async () => {
    const servers = await startConnectServer(({ transactions }) => {
      const error = new ConnectError('later', Code.Unavailable, { 'retry-after': '3' });
      if (transactions.length > 1) error.details.push({ type: 'google.rpc.RetryInfo', value: RETRY_INFO });
      throw error;
    });
    const transport = writeService({ transport: makeTransport(servers) });
    expect(await failureOf(transport(batch('a'), context()))).toMatchObject({ retryAfterMs: 3000 });
    expect(await failureOf(transport(batch('a', 'b'), context()))).toMatchObject({ retryAfterMs: 2500 });
  });

  it('a message that is too large for it is too_large, not a reason to wait', async () => {
    const servers = await startConnectServer(applyAll, { readMaxBytes: 1_000 });
    const large = transaction('large', put('a', { text: 'x'.repeat(2_000) }));
    const failure = await failureOf(
      writeService({ transport: makeTransport(servers) })(batch(large), context()),
    );
    expect(failure.code).toBe('too_large');
  });

  it('a server without the service is misconfigured', async () => {
    const servers = await startEmptyServer();
    const failure = await failureOf(
      writeService({ transport: makeTransport(servers) })(batch('a'), context()),
    );
    expect(failure.code).toBe('misconfigured');
  });

  it('a server that is down is the network', async () => {
    const transport = makeTransport({ url: 'http://127.0.0.1:1', http2Url: 'http://127.0.0.1:1' });
    const failure = await failureOf(writeService({ transport })(batch('a'), context()));
    expect(failure.code).toBe('network');
  });

  it('a connection that breaks is the network, and refuses nothing', async () => {
    const servers = await startHttpServers(() => servers.reset());
    const failure = await failureOf(
      writeService({ transport: makeTransport(servers) })(batch('a'), context()),
    );
    expect(failure.code).toBe('network');
  });

  it.each<[number, string, UploadErrorCode]>([
    [200, 'text/html', 'misconfigured'],
    [200, 'application/json', 'misconfigured'],
    [307, 'text/html', 'misconfigured'],
    [400, 'text/html', 'misconfigured'],
    [401, 'text/html', 'unauthenticated'],
    [403, 'text/html', 'misconfigured'],
    [404, 'text/html', 'misconfigured'],
    [409, 'text/html', 'misconfigured'],
    [413, 'text/html', 'too_large'],
    [415, 'text/html', 'misconfigured'],
    [429, 'text/html', 'throttled'],
    [500, 'text/html', 'unavailable'],
    [502, 'text/html', 'unavailable'],
    [503, 'text/html', 'unavailable'],
    [504, 'text/html', 'unavailable'],
  ])('HTTP %d with a page (%s) of a proxy is %s', async (status, contentType, meaning) => {
    const servers = await startHttpServers(
      answering(status, contentType, '<!doctype html><title>SECRET of the hotel</title>'),
    );
    const failure = await failureOf(
      writeService({ transport: makeTransport(servers) })(batch('a'), context()),
    );
    expect(failure.code).toBe(status === 307 && isFetch(protocol) ? 'network' : meaning);
    expect(everythingIn(failure)).not.toContain('SECRET');
  });

  it.each([
    ['no result', []],
    ['too many results', [{ status: 1 }, { status: 1 }, { status: 1 }]],
    ['an unspecified status', [{ status: 1 }, {}]],
    ['a status of a later version', [{ status: 1 }, { status: 9 }]],
    ['a fatal error that says nothing', [{ status: 1 }, { status: 3 }]],
    ['a fatal error without a code', [{ status: 1 }, { status: 3, failedOperation: { message: 'no' } }]],
  ])('an answer with %s says nothing of any transaction', async (_, results) => {
    const servers = await startConnectServer(() => ({ results }));
    const failure = await failureOf(
      writeService({ transport: makeTransport(servers) })(batch('a', 'b'), context()),
    );
    expect(failure.code).toBe('misconfigured');
  });
});

describe('grpc-js, which speaks for itself', () => {
  const uploadTo = async (servers: { http2Url: string }, name = 'a') =>
    failureOf(
      writeService({ transport: createGrpcTransport({ baseUrl: servers.http2Url }) })(batch(name), context()),
    );

  it.each(CODES)('status %d (%s) is %3$s', async (code, _, meaning) => {
    const servers = await startGrpcJs((_call, answer) => answer({ code, details: 'SECRET of the backend' }));
    const failure = await uploadTo(servers);
    expect(failure.code).toBe(meaning);
    expect(everythingIn(failure)).not.toContain('SECRET');
  });

  it('says how long to wait', async () => {
    const metadata = new Metadata();
    metadata.set('retry-after', '7');
    const servers = await startGrpcJs((_call, answer) => answer({ code: 14, details: 'later', metadata }));
    expect(await uploadTo(servers)).toMatchObject({ code: 'unavailable', retryAfterMs: 7000 });
  });

  it('a message that is too large for it is too_large', async () => {
    const servers = await startGrpcJs(undefined, { 'grpc.max_receive_message_length': 100 });
    expect(await uploadTo(servers, 'x'.repeat(200))).toMatchObject({ code: 'too_large' });
  });
});

describe('refusals that no backend gave', () => {
  it('HTTP/2 towards a server of HTTP/1.1', async () => {
    const { url } = await startConnectServer();
    const transport = writeService({ transport: createGrpcTransport({ baseUrl: url }) });
    expect(['network', 'misconfigured']).toContain((await failureOf(transport(batch('a'), context()))).code);
  });

  it('an answer that the client finds too large: smaller batches may get one, a single transaction stays', async () => {
    const { url } = await startConnectServer(({ transactions }) => ({
      results: transactions.map(() => ({ status: 1, message: 'x'.repeat(1_000) })),
    }));
    const transport = writeService({
      transport: createConnectTransport({ baseUrl: url, httpVersion: '1.1', readMaxBytes: 500 }),
    });
    expect((await failureOf(transport(batch('a', 'b'), context()))).code).toBe('too_large');
    expect((await failureOf(transport(batch('a'), context()))).code).toBe('misconfigured');
  });

  it.each([
    '',
    '{',
    '[]',
    '{"results":5}',
    '{"results":[{"status":"STATUS_SUCCESS"}',
    '{"results":[{}]}',
    '{}',
  ])('an answer in JSON that reads %j', async (body) => {
    const { url } = await startHttpServers(answering(200, 'application/json', body));
    const transport = writeService({ transport: web.createConnectTransport({ baseUrl: url }) });
    expect((await failureOf(transport(batch('a'), context()))).code).toBe('misconfigured');
  });

  it('an interceptor of the app that throws: its UploadError counts, anything else keeps the writes', async () => {
    const { url } = await startConnectServer();
    const throwing = (error: unknown) =>
      writeService({
        transport: createConnectTransport({
          baseUrl: url,
          httpVersion: '1.1',
          interceptors: [
            () => async () => {
              throw error;
            },
          ],
        }),
      })(batch('a'), context());
    expect((await failureOf(throwing(new UploadError('throttled', 'Wait')))).code).toBe('throttled');
    expect((await failureOf(throwing(new Error('SECRET')))).code).toBe('misconfigured');
    for (const code of [3, 6, 7, 9, 10, 11])
      expect(['misconfigured', 'network']).toContain(
        (await failureOf(throwing(new ConnectError('made up', code)))).code,
      );
  });
});

function answering(status: number, contentType: string, body: string): RequestListener {
  return (_, response) => {
    const headers = {
      'content-type': contentType,
      ...(status === 307 && { location: 'http://127.0.0.1:1/' }),
    };
    response.writeHead(status, headers).end(body);
  };
}

/** The platform's `fetch` tells nothing of a redirect that it was told not to follow. */
function isFetch(protocol: string): boolean {
  return protocol.endsWith('browser');
}
