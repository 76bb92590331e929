import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import * as web from '@connectrpc/connect-web';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Operation,
  TransactionResult_Status as Status,
  WriteService,
} from '../../examples/backend/gen/powersync/write/v1/write_pb.js';
import { type GrpcServer, startGrpcServer } from '../../examples/backend/grpc.ts';
import { createTokens, type Tokens } from '../../examples/backend/tokens.ts';

describe('the WriteService of the example', () => {
  let server: GrpcServer;
  let tokens: Tokens;
  let outage: Error | undefined;
  const logged: unknown[] = [];

  beforeAll(async () => {
    tokens = await createTokens();
    server = await startGrpcServer({
      // The store is tested elsewhere: here is one that is either down or takes everything.
      database: {
        query: async () => ({ rows: [] }),
        transaction: async (work) => {
          if (outage) throw outage;
          return work({ query: async () => ({ rows: [{} as never] }) });
        },
      },
      tables: new Map([['lists', new Set(['name'])]]),
      tokens: {
        verify: async (token) => {
          if (token === 'broken') throw new Error('the key set cannot be fetched');
          return tokens.verify(token);
        },
      },
      maxMessageBytes: 10_000,
      corsOrigin: 'https://app.example.com',
      log: (error) => logged.push(error),
    });
  });
  afterAll(() => server.close());

  const clients = () => [
    createClient(WriteService, createGrpcTransport({ baseUrl: server.http2Url })),
    createClient(WriteService, web.createConnectTransport({ baseUrl: server.url })),
    createClient(WriteService, web.createGrpcWebTransport({ baseUrl: server.url })),
  ];
  const put = { id: 'a', op: Operation.PUT, table: 'lists', opData: { name: 'x' } };

  async function refusal(
    request: Parameters<ReturnType<typeof clients>[0]['upload']>[0],
    headers: Record<string, string> = {},
  ) {
    const errors = await Promise.all(
      clients().map((client) =>
        client.upload(request, { headers }).then(
          () => expect.unreachable('the call went through'),
          (error: unknown) => ConnectError.from(error),
        ),
      ),
    );
    return errors.map(({ code }) => code);
  }
  const all = (code: Code) => [code, code, code];
  const signedIn = async () => ({ authorization: `Bearer ${await tokens.issue('ada')}` });

  it('answers no one without a valid token', async () => {
    const transactions = [{ crud: [put] }];
    expect(await refusal({ transactions })).toEqual(all(Code.Unauthenticated));
    expect(await refusal({ transactions }, { authorization: 'Bearer x' })).toEqual(all(Code.Unauthenticated));
    expect(await refusal({ transactions }, { authorization: 'Basic x' })).toEqual(all(Code.Unauthenticated));
  });

  it('says that it is broken, and not that the user is signed out, where it cannot check tokens', async () => {
    logged.length = 0;
    expect(await refusal({ transactions: [{ crud: [put] }] }, { authorization: 'Bearer broken' })).toEqual(
      all(Code.Internal),
    );
    expect(logged).toHaveLength(3);
  });

  it('refuses what is no upload', async () => {
    const headers = await signedIn();
    const transaction = { crud: [put] };
    expect(await refusal({}, headers)).toEqual(all(Code.InvalidArgument));
    expect(await refusal({ transactions: Array(51).fill(transaction) }, headers)).toEqual(
      all(Code.InvalidArgument),
    );
    expect(await refusal({ transactions: [{ crud: [{ ...put, op: 0 }] }] }, headers)).toEqual(
      all(Code.InvalidArgument),
    );
  });

  it('refuses a message that is too large', async () => {
    const large = { crud: [{ ...put, opData: { name: 'x'.repeat(20_000) } }] };
    expect(await refusal({ transactions: [large] }, await signedIn())).toEqual(all(Code.ResourceExhausted));
  });

  it('answers each transaction', async () => {
    const headers = await signedIn();
    const unknown = { ...put, table: 'nowhere' };
    for (const client of clients()) {
      const { results } = await client.upload(
        { transactions: [{ crud: [put] }, { crud: [put, unknown] }, { crud: [put] }] },
        { headers },
      );
      expect(results.map(({ status }) => status)).toEqual([
        Status.SUCCESS,
        Status.FATAL_ERROR,
        Status.NOT_ATTEMPTED,
      ]);
      expect(results[1]?.failedOperation).toMatchObject({ errorCode: 'SCHEMA_MISMATCH', operationIndex: 1 });
    }
  });

  it('a database that is down is a reason to retry', async () => {
    outage = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    const headers = await signedIn();
    for (const client of clients()) {
      const { results } = await client.upload({ transactions: [{ crud: [put] }] }, { headers });
      expect(results.map(({ status }) => status)).toEqual([Status.RETRYABLE_ERROR]);
    }
    outage = undefined;
  });

  it('lets browsers of the app call, with all that writeService() sends, and see all that it reads', async () => {
    const url = `${server.url}/${WriteService.typeName}/Upload`;
    const preflight = await fetch(url, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase().split(', ');
    expect(allowed).toEqual(
      expect.arrayContaining([
        'authorization',
        'content-type',
        'idempotency-key',
        'connect-protocol-version',
        'connect-timeout-ms',
        'grpc-timeout',
        'x-grpc-web',
        'x-user-agent',
      ]),
    );
    const answer = await fetch(url, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('access-control-expose-headers')?.toLowerCase()).toMatch(/grpc-status.*date/);
  });
});
