import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { Metadata } from '@grpc/grpc-js';
import type { UploadEntry, UploadTransaction } from 'powersync-backend-connector';
import { writeService } from 'powersync-backend-connector/connect';
import { describe, expect, it } from 'vitest';
import {
  TransactionResult_Status as Status,
  type UploadRequest,
} from '../../examples/backend/gen/powersync/write/v1/write_pb.js';
import { batch, context, everythingIn, failureOf, put, transaction } from '../http/support.ts';
import { applyAll, type LoadedRequest, PROTOCOLS, startConnectServer, startGrpcJs } from './support.ts';

const HOSTILE_IDS = [
  'a/b',
  '../lists/1',
  "'; DROP TABLE lists; --",
  '"quoted"',
  'line\nbreak\r\n',
  '%2e%2e%2f',
  '👩‍👩‍👧‍👦',
  'ünïcödé',
  '\u0000',
  '\u2028',
  '__proto__',
  '',
];

function many(count: number): UploadTransaction[] {
  return Array.from({ length: count }, (_, index) => transaction(`row${index}`));
}

describe.each(PROTOCOLS)('writeService() over %s', (_, makeTransport) => {
  it('carries a batch whole, and reads one result for each transaction', async () => {
    const requests: UploadRequest[] = [];
    const servers = await startConnectServer((request) => {
      requests.push(request);
      return {
        results: [
          { status: Status.SUCCESS },
          {
            status: Status.FATAL_ERROR,
            requiresClientHandling: true,
            failedOperation: {
              errorCode: 'UNIQUE_VIOLATION',
              message: 'duplicate',
              operationIndex: 1,
              details: { constraint: 'lists_pkey' },
            },
          },
          { status: Status.RETRYABLE_ERROR, retryAfterMs: 1500 },
          { status: Status.NOT_ATTEMPTED },
        ],
      };
    });
    const entries: UploadEntry[] = [
      { clientId: 1, op: 'PUT', table: 'lists', id: 'a', opData: { name: 'x', size: 1.5, note: null } },
      { clientId: 2, op: 'PATCH', table: 'lists', id: 'b', opData: {}, previousValues: { name: 'y' } },
      { clientId: 3, op: 'DELETE', table: 'lists', id: 'c', metadata: 'from the form' },
    ];
    const outcomes = await writeService({ transport: makeTransport(servers) })(
      batch({ key: 'c:1-3:00ff', transactionId: 12, entries }, 'b', 'c', 'd'),
      context(),
    );
    expect(outcomes).toMatchObject([
      { status: 'applied' },
      {
        status: 'rejected',
        needsDecision: true,
        entryIndex: 1,
        error: { code: 'conflict' },
        details: {
          error_code: 'UNIQUE_VIOLATION',
          message: 'duplicate',
          details: { constraint: 'lists_pkey' },
        },
      },
      { status: 'retry', error: { code: 'unavailable', retryAfterMs: 1500 } },
      { status: 'not_attempted' },
    ]);
    const [sent] = requests[0]?.transactions ?? [];
    expect(sent).toMatchObject({ transactionId: 12n, idempotencyKey: 'c:1-3:00ff' });
    expect(sent?.crud).toMatchObject([
      { id: 'a', op: 1, table: 'lists', opData: { name: 'x', size: 1.5, note: null } },
      { id: 'b', op: 2, opData: {}, previousValues: { name: 'y' } },
      { id: 'c', op: 3, metadata: 'from the form' },
    ]);
    expect(sent?.crud[0]).not.toHaveProperty('previousValues', expect.anything());
    expect(sent?.crud[2]?.opData).toBeUndefined();
  });

  it.each([
    [1, 1],
    [50, 50],
    [51, 50],
  ])('sends %d transactions as a call of %d', async (given, sent) => {
    const sizes: number[] = [];
    const servers = await startConnectServer((request, handler) => {
      sizes.push(request.transactions.length);
      return applyAll(request, handler);
    });
    const outcomes = await writeService({ transport: makeTransport(servers) })(
      { transactions: many(given) },
      context(),
    );
    expect(sizes).toEqual([sent]);
    expect(outcomes).toEqual(
      many(given).map((_, index) => ({ status: index < sent ? 'applied' : 'not_attempted' })),
    );
  });

  it('carries hostile ids, columns and values unharmed', async () => {
    const seen: string[] = [];
    let columns: object | undefined;
    const servers = await startConnectServer((request, handler) => {
      const crud = request.transactions[0]?.crud ?? [];
      seen.push(...crud.map(({ id }) => id));
      columns = crud[0]?.opData;
      return applyAll(request, handler);
    });
    const opData = JSON.parse(
      `{"__proto__":"x","constructor":"y","toString":"z","$typeName":"google.protobuf.Any","":"empty",
        "deep":{"a":[1,null,{"b":true}]},"text":"\\u0000\\u2028","big":9007199254740992}`,
    );
    const entries = HOSTILE_IDS.map((id) => put(id, opData));
    await writeService({ transport: makeTransport(servers) })(batch(transaction('t', ...entries)), context());
    expect(seen).toEqual(HOSTILE_IDS);
    expect(JSON.stringify(columns && sorted(columns))).toBe(JSON.stringify(sorted(opData)));
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('sends what a Struct has no number for as text, and leaves out what is undefined', async () => {
    let received: object | undefined;
    const servers = await startConnectServer((request, handler) => {
      received = request.transactions[1]?.crud[0]?.opData;
      return applyAll(request, handler);
    });
    const opData = {
      infinite: Number.POSITIVE_INFINITY,
      nan: Number.NaN,
      large: 9_007_199_254_740_993n,
      at: new Date(0),
      none: undefined,
    };
    const outcomes = await writeService({ transport: makeTransport(servers) })(
      batch('a', transaction('b', put('b', opData)), 'c'),
      context(),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['applied', 'applied', 'applied']);
    expect(received).toEqual({
      infinite: 'Infinity',
      nan: 'NaN',
      large: '9007199254740993',
      at: '1970-01-01T00:00:00.000Z',
    });
  });

  it('tells the token, the keys, the headers of the app and the deadline', async () => {
    let header = new Headers();
    let timeoutMs: number | undefined;
    const servers = await startConnectServer((request, handler) => {
      header = handler.requestHeader;
      timeoutMs = handler.timeoutMs();
      return applyAll(request, handler);
    });
    const outcomes = await writeService({
      transport: makeTransport(servers),
      headers: async ({ attempt, clientId }) => ({ 'x-attempt': String(attempt), 'x-client': clientId }),
    })(batch('a', 'b'), context({ attempt: 3, timeLeftMs: () => 54_321.5 }));
    expect(outcomes).toHaveLength(2);
    expect(header.get('authorization')).toBe('Bearer jwt');
    expect(header.get('idempotency-key')).toBe('key-of-a, key-of-b');
    expect(header.get('x-attempt')).toBe('3');
    expect(header.get('x-client')).toBe('client');
    expect(header.get('grpc-timeout') ?? `${header.get('connect-timeout-ms')}m`).toBe('54322m');
    expect(timeoutMs).toBeGreaterThan(0);
  });

  it('tells no token with "none", no keys where they are turned off, and no deadline where there is none', async () => {
    let header = new Headers();
    const servers = await startConnectServer((request, handler) => {
      header = handler.requestHeader;
      return applyAll(request, handler);
    });
    const transport = writeService({
      transport: makeTransport(servers),
      authorization: 'none',
      keysAsMetadata: false,
      headers: { 'x-api-key': 'k' },
    });
    const token = () => expect.unreachable('nobody needs the token');
    expect(await transport(batch('a'), context({ token }))).toEqual([{ status: 'applied' }]);
    expect(header.get('x-api-key')).toBe('k');
    for (const name of ['authorization', 'idempotency-key', 'grpc-timeout', 'connect-timeout-ms'])
      expect(header.has(name)).toBe(false);
  });

  it('sends nothing while nobody is signed in', async () => {
    let calls = 0;
    const servers = await startConnectServer((request, handler) => {
      calls++;
      return applyAll(request, handler);
    });
    const signedOut = context({ token: async () => undefined });
    const failure = await failureOf(
      writeService({ transport: makeTransport(servers) })(batch('a'), signedOut),
    );
    expect(failure.code).toBe('unauthenticated');
    expect(calls).toBe(0);
  });

  it('a token that no header can carry is told without it', async () => {
    const servers = await startConnectServer();
    const bad = context({ token: async () => 'SECRET\r\nx-admin: 1' });
    const failure = await failureOf(writeService({ transport: makeTransport(servers) })(batch('a'), bad));
    expect(failure.code).toBe('misconfigured');
    expect(everythingIn(failure)).not.toContain('SECRET');
  });

  it('runs the interceptors of the app', async () => {
    const seen: string[] = [];
    const spy: Interceptor = (next) => async (request) => {
      request.header.set('x-traced', 'yes');
      seen.push(`${request.service.typeName}/${request.method.name}`);
      return next(request);
    };
    let traced: string | null = null;
    const servers = await startConnectServer((request, handler) => {
      traced = handler.requestHeader.get('x-traced');
      return applyAll(request, handler);
    });
    const transport = makeTransport(servers, { interceptors: [spy] as never[] });
    await writeService({ transport })(batch('a'), context());
    expect(seen).toEqual(['powersync.write.v1.WriteService/Upload']);
    expect(traced).toBe('yes');
  });

  it('ends the call when its signal is aborted, and the server learns of it', async () => {
    const controller = new AbortController();
    const cancelled = Promise.withResolvers<void>();
    const servers = await startConnectServer(async (_request, { signal }) => {
      signal.addEventListener('abort', () => cancelled.resolve());
      controller.abort();
      return new Promise(() => {});
    });
    const delivery = writeService({ transport: makeTransport(servers) })(
      batch('a'),
      context({ signal: controller.signal }),
    );
    expect((await failureOf(delivery)).code).toBe('aborted');
    await cancelled.promise;
  });

  it('a deadline that passes is a timeout', async () => {
    const servers = await startConnectServer(() => new Promise(() => {}));
    const delivery = writeService({ transport: makeTransport(servers) })(
      batch('a'),
      context({ timeLeftMs: () => 100 }),
    );
    expect((await failureOf(delivery)).code).toBe('timeout');
  });

  it('tells what the clock of the backend shows, also with a refusal', async () => {
    const times: number[] = [];
    const tell = context({ serverTime: (epochMs) => times.push(epochMs) });
    const servers = await startConnectServer(
      (request, handler) => {
        if (request.transactions.length > 1) throw new ConnectError('no', Code.Unauthenticated);
        return applyAll(request, handler);
      },
      { date: 'Tue, 05 May 2026 10:00:00 GMT' },
    );
    const transport = writeService({ transport: makeTransport(servers) });
    await transport(batch('a'), tell);
    await transport(batch('a', 'b'), tell).catch(() => {});
    expect(times).toEqual([1_777_975_200_000, 1_777_975_200_000]);
  });
});

describe('writeService() against grpc-js', () => {
  const grpcTransport = ({ http2Url }: { http2Url: string }) => createGrpcTransport({ baseUrl: http2Url });

  it('the .proto as shipped means the same to it: members, values, metadata, deadline', async () => {
    let request: LoadedRequest | undefined;
    let metadata = new Metadata();
    let deadline: unknown;
    const servers = await startGrpcJs((call, answer) => {
      request = call.request;
      metadata = call.metadata;
      deadline = call.getDeadline();
      answer(null, { results: [{ status: 'STATUS_SUCCESS' }] });
    });
    const entry = {
      ...put('a/b', { name: 'x', size: 1.5, note: null, deep: { a: 'b' } }),
      metadata: 'm',
    };
    const outcomes = await writeService({ transport: grpcTransport(servers) })(
      batch(transaction('t', entry)),
      context({ timeLeftMs: () => 60_000 }),
    );
    expect(outcomes).toEqual([{ status: 'applied' }]);
    const [sent] = request?.transactions ?? [];
    expect(sent).toMatchObject({ transaction_id: '7', idempotency_key: 'key-of-t' });
    expect(sent?.crud).toMatchObject([{ id: 'a/b', op: 'OPERATION_PUT', table: 'lists', metadata: 'm' }]);
    expect(sent?.crud[0]?.op_data?.fields).toMatchObject({
      name: { stringValue: 'x' },
      size: { numberValue: 1.5 },
      note: { kind: 'nullValue' },
      deep: { structValue: { fields: { a: { stringValue: 'b' } } } },
    });
    expect(metadata.get('authorization')).toEqual(['Bearer jwt']);
    expect(metadata.get('idempotency-key')).toEqual(['key-of-t']);
    expect(Number(deadline)).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  it('its results are read like any other', async () => {
    const servers = await startGrpcJs((_call, answer) =>
      answer(null, {
        results: [
          {
            status: 'STATUS_FATAL_ERROR',
            requires_client_handling: false,
            message: 'not yours',
            failed_operation: { error_code: 'UNAUTHORIZED', operation_index: 0 },
          },
          { status: 'STATUS_RETRYABLE_ERROR', retry_after_ms: 10 },
        ],
      }),
    );
    expect(
      await writeService({ transport: grpcTransport(servers) })(batch('a', 'b'), context()),
    ).toMatchObject([
      { status: 'rejected', entryIndex: 0, needsDecision: false, error: { code: 'forbidden' } },
      { status: 'retry', error: { retryAfterMs: 10 } },
    ]);
  });

  it('50 transactions fit under its default limits, metadata included', async () => {
    const servers = await startGrpcJs();
    const transactions = many(50).map((each, index) => ({
      ...each,
      key: `8b2f6c1e-5c0b-4f7e-9a57-0d9f4b1c${index + 1000}:${index}00000-${index}00001:0011223344556677`,
    }));
    const token = async () => 'x'.repeat(3_000);
    const outcomes = await writeService({ transport: grpcTransport(servers) })(
      { transactions },
      context({ token }),
    );
    expect(outcomes.every(({ status }) => status === 'applied')).toBe(true);
  });
});

describe('messages', () => {
  const row = (length: number) => transaction('large', put('a', { text: 'ä'.repeat(length / 2) }));

  it('end before the one that would make them too long; the rest is not attempted', async () => {
    const sizes: number[] = [];
    const servers = await startConnectServer((request, handler) => {
      sizes.push(request.transactions.length);
      return applyAll(request, handler);
    });
    const transport = writeService({
      transport: createConnectTransport({ baseUrl: servers.url, httpVersion: '1.1' }),
      maxMessageBytes: 10_000,
    });
    const outcomes = await transport(batch(row(4_000), row(4_000), row(4_000)), context());
    expect(sizes).toEqual([2]);
    expect(outcomes.map(({ status }) => status)).toEqual(['applied', 'applied', 'not_attempted']);
    await transport(batch(row(20_000), row(10)), context());
    expect(sizes).toEqual([2, 1]);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, sorted(inner)]);
}
