import { createGraphQLError } from 'graphql-yoga';
import type { UploadErrorCode } from 'powersync-backend-connector';
import { graphql } from 'powersync-backend-connector/graphql';
import { describe, expect, it } from 'vitest';
import { UPLOAD_SDL } from '../../examples/backend/graphql.ts';
import { context, failureOf, respond, startServer } from '../http/support.ts';
import { lists, startYoga, uploadServer } from './support.ts';

const success = { status: 'success' };
const deliver = (url: string, names: string[] = ['a', 'b']) =>
  graphql({ url })({ transactions: lists('row', ...names) }, context());

function graphqlError(code: string, http?: object): Error {
  return createGraphQLError('words of the backend', { extensions: { code, ...(http && { http }) } });
}

describe('a graphql-yoga server in trouble', () => {
  it('unavailable: a resolver that throws by accident, which Yoga masks', async () => {
    const { url } = await uploadServer(() => {
      throw new Error('connect ECONNREFUSED 127.0.0.1:5432');
    });
    expect(await failureOf(deliver(url))).toMatchObject({ code: 'unavailable', status: 200 });
  });

  it('partial data: each transaction gets the outcome its error or its result has', async () => {
    const { url } = await uploadServer(() => [
      success,
      graphqlError('CONFLICT'),
      success,
      new Error('masked'),
    ]);
    expect(await deliver(url, ['a', 'b', 'c', 'd'])).toMatchObject([
      { status: 'applied' },
      { status: 'rejected', error: { code: 'conflict' }, details: { message: 'words of the backend' } },
      { status: 'applied' },
      { status: 'retry', error: { code: 'unavailable' } },
    ]);
  });

  it('partial data: a result whose status can not be read counts as an error of that transaction', async () => {
    const { url } = await uploadServer(() => [success, { status: 'done' }]);
    expect(await deliver(url)).toMatchObject([
      { status: 'applied' },
      { status: 'retry', error: { code: 'unavailable' } },
    ]);
  });

  it('misconfigured: a result that is null, without an error', async () => {
    const { url } = await uploadServer(() => [success, null]);
    expect((await failureOf(deliver(url))).code).toBe('misconfigured');
  });

  it.each([1, 3])('misconfigured: %i results for two transactions', async (count) => {
    const { url } = await uploadServer(() => Array(count).fill(success));
    expect((await failureOf(deliver(url))).code).toBe('misconfigured');
  });

  it.each<[UploadErrorCode, string]>([
    ['unauthenticated', 'UNAUTHENTICATED'],
    ['forbidden', 'FORBIDDEN'],
    ['invalid', 'BAD_USER_INPUT'],
    ['throttled', 'RATE_LIMITED'],
    ['unclassified', 'SOMETHING_ELSE'],
  ])('%s: the whole field fails with %s', async (code, own) => {
    const { url } = await uploadServer(() => graphqlError(own));
    expect(await failureOf(deliver(url))).toMatchObject({ code, status: 200 });
  });

  it('codes of the app: an update is required', async () => {
    const { url } = await uploadServer(() => graphqlError('APP_TOO_OLD'));
    const transport = graphql({ url, errorCodes: { APP_TOO_OLD: 'update_required' } });
    const delivery = transport({ transactions: lists('row', 'a') }, context());
    expect((await failureOf(delivery)).code).toBe('update_required');
  });

  it('codes of the app: in a result', async () => {
    const failed_operation = { error_code: 'LIST_IS_FULL' };
    const full = { status: 'fatal_error', requires_client_handling: true, failed_operation };
    const { url } = await uploadServer(() => [full]);
    const transport = graphql({ url, errorCodes: { LIST_IS_FULL: 'throttled' } });
    expect(await transport({ transactions: lists('row', 'a') }, context())).toMatchObject([
      { status: 'rejected', error: { code: 'throttled' }, needsDecision: true },
    ]);
  });

  it.each<[UploadErrorCode, number]>([
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['throttled', 429],
    ['unavailable', 503],
  ])('%s: a status of its own, %i, with its Retry-After', async (code, status) => {
    const { url } = await uploadServer(() =>
      graphqlError('CONFLICT', { status, headers: { 'retry-after': '7' } }),
    );
    expect(await failureOf(deliver(url))).toMatchObject({ code, status, retryAfterMs: 7_000 });
  });

  it('a forbidden transaction is reported as one: the connector refreshes the token for it', async () => {
    const { url } = await uploadServer(() => [success, graphqlError('FORBIDDEN')]);
    expect(await deliver(url)).toMatchObject([
      { status: 'applied' },
      { status: 'rejected', error: { code: 'forbidden' } },
    ]);
  });
});

describe('a schema that is not the one of the mutation: the app is newer, so everything is held', () => {
  it.each<[string, string]>([
    ['no such mutation', 'type Mutation { version: Int }'],
    ['an argument of another name', UPLOAD_SDL.replace('(transactions:', '(uploads:')],
    ['no idempotency keys', UPLOAD_SDL.replace('idempotency_key: String', '')],
    ['results without a wait', UPLOAD_SDL.replace('retry_after_ms: Int', 'wait: Int')],
    ['another type of input', UPLOAD_SDL.replaceAll('UploadedTransaction', 'Upload')],
    ['no such op', UPLOAD_SDL.replace(/ {4}PUT\n/, '')],
  ])('%s', async (_, typeDefs) => {
    const { url } = await startYoga({ typeDefs, mutations: {} });
    for (const names of [['a'], ['a', 'b']])
      expect(await failureOf(deliver(url, names))).toMatchObject({ code: 'schema_mismatch', status: 400 });
  });
});

describe('a server that guards against CSRF', () => {
  it('takes the request, which is one that browsers ask about first', async () => {
    const { url } = await uploadServer(({ transactions }) => transactions.map(() => success), {
      plugins: [
        {
          onRequest({ request, endResponse, fetchAPI: { Response } }) {
            if (request.method === 'OPTIONS') return;
            const type = request.headers.get('content-type') ?? '';
            if (!type.startsWith('application/json')) endResponse(new Response(null, { status: 403 }));
          },
        },
      ],
    });
    const transport = graphql({ url, headers: { 'content-type': 'text/plain' } });
    expect(await transport({ transactions: lists('row', 'a') }, context())).toEqual([{ status: 'applied' }]);
  });

  it('misconfigured: one that wants a header of its own, which `headers` can give it', async () => {
    const { url } = await uploadServer(({ transactions }) => transactions.map(() => success), {
      plugins: [
        {
          onRequest({ request, endResponse, fetchAPI: { Response } }) {
            if (!request.headers.has('x-graphql-csrf')) endResponse(new Response(null, { status: 403 }));
          },
        },
      ],
    });
    expect(await failureOf(deliver(url))).toMatchObject({ code: 'misconfigured', status: 403 });
    const transport = graphql({ url, headers: { 'x-graphql-csrf': '1' } });
    expect(await transport({ transactions: lists('row', 'a') }, context())).toEqual([{ status: 'applied' }]);
  });
});

describe('what is no GraphQL server, or nothing at all', () => {
  const page = '<!doctype html><title>Welcome</title>';
  it.each<[UploadErrorCode, string, number, string]>([
    ['misconfigured', 'a web page', 200, page],
    ['misconfigured', 'an empty body', 200, ''],
    ['misconfigured', 'no content', 204, ''],
    ['misconfigured', 'another contract', 200, '{"results":[{"status":"success"}]}'],
    ['misconfigured', 'a firewall', 403, page],
    ['misconfigured', 'no such route', 404, '{"message":"Not Found"}'],
    ['misconfigured', 'another media type', 415, ''],
    ['misconfigured', 'a gateway that refuses', 400, '{"message":"Bad Request"}'],
    ['unavailable', 'a server error', 500, page],
    ['unavailable', 'a server error in the form of GraphQL', 500, '{"errors":[{"message":"x"}]}'],
    ['unavailable', 'a proxy without its server', 502, page],
    ['too_large', 'a proxy with a limit', 413, page],
  ])('%s: %s', async (code, _, status, text) => {
    const server = await startServer((response) => {
      if (status === 204) response.writeHead(204).end();
      else respond(response, status, text);
    });
    expect(await failureOf(deliver(server.url))).toMatchObject({ code, status });
  });

  it('misconfigured: an answer of 50 MB, which is not read to its end', async () => {
    let sent = 0;
    const server = await startServer(async (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"data":{"uploadTransactions":[{"status":"success"},{"status":"success"}]},"x":"');
      const part = 'x'.repeat(1_000_000);
      while (sent < 50_000_000 && !response.destroyed) {
        sent += part.length;
        if (!response.write(part))
          await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
      }
      response.end('"}');
    });
    expect((await failureOf(deliver(server.url))).code).toBe('misconfigured');
    expect(sent).toBeLessThan(50_000_000);
  });

  it('misconfigured: a redirect to elsewhere, which is not followed', async () => {
    const elsewhere = await startServer((response) => respond(response, 200, {}));
    const server = await startServer((response) =>
      response.writeHead(307, { location: elsewhere.url }).end(),
    );
    expect(await failureOf(deliver(server.url))).toMatchObject({ code: 'misconfigured', status: 307 });
    expect(elsewhere.requests).toEqual([]);
  });

  it('network: nobody listens, or the connection ends', async () => {
    const server = await startServer((response) => response.destroy());
    expect((await failureOf(deliver(server.url))).code).toBe('network');
    await server.close();
    expect((await failureOf(deliver(server.url))).code).toBe('network');
  });
});
