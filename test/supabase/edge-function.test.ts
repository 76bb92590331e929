import type { ServerResponse } from 'node:http';
import { createClient } from '@supabase/supabase-js';
import type { UploadBatch } from 'powersync-backend-connector';
import { type EdgeFunctionOptions, edgeFunction } from 'powersync-backend-connector/supabase';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startBackend } from '../../examples/backend/server.ts';
import { type ReceivedRequest, respond, respondApplied, startServer } from '../http/support.ts';
import { ANON_KEY, context, each, entry, everythingIn, failureOf, summary, together } from './support.ts';

// The client is the real one; Supabase is a server that does what the tests say, or calls the example backend.

const list = (id: string, name = 'Home') => entry('PUT', 'lists', id, { name });

function transportTo(url: string, options: Partial<EdgeFunctionOptions> = {}) {
  const client = createClient(url, ANON_KEY, { auth: { persistSession: false, autoRefreshToken: false } });
  return edgeFunction({ client, name: 'upload', ...options });
}

async function serve(
  handler: (response: ServerResponse, request: ReceivedRequest) => void,
  options?: Partial<EdgeFunctionOptions>,
) {
  const server = await startServer(handler);
  return { ...server, send: transportTo(server.url, options) };
}

describe('the reference write API', () => {
  it('is spoken with the example backend, on real Postgres', async () => {
    const backend = await startBackend();
    onTestFinished(() => backend.close());
    const { send } = await serve(async (response, { headers, body }) => {
      const { authorization = '' } = headers;
      const init = { method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body };
      const answer = await backend.fetch(new Request('http://backend/api/data', init));
      respond(response, answer.status, await answer.text());
    });
    const token = async () => backend.issueToken('ada');
    const outcomes = await send(each(list('l1'), list('l2', ''), list('l3')), context({ token }));
    expect(summary(outcomes)).toEqual(['applied', 'rejected invalid', 'not_attempted']);
    expect(await backend.query('select id, owner_id from lists')).toEqual([{ id: 'l1', owner_id: 'ada' }]);
    const refused = send(each(list('l1')), context({ token: async () => 'not a token' }));
    expect(await failureOf(refused)).toMatchObject({ code: 'unauthenticated', status: 401 });
  });

  it('sends all transactions in one call, with the token of the user and the key of the app', async () => {
    const { send, requests } = await serve(respondApplied);
    const batch = each(list('l1'), entry('DELETE', 'lists', 'l2'));
    expect(summary(await send(batch, context()))).toEqual(['applied', 'applied']);
    expect(requests).toMatchObject([
      {
        method: 'POST',
        path: '/functions/v1/upload',
        headers: { authorization: 'Bearer jwt', apikey: ANON_KEY, 'content-type': 'application/json' },
      },
    ]);
    const [first, second] = batch.transactions;
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
      transactions: [
        {
          transaction_id: first?.transactionId,
          idempotency_key: first?.key,
          crud: [{ id: 'l1', op: 'PUT', table: 'lists', op_data: { name: 'Home' } }],
        },
        {
          transaction_id: second?.transactionId,
          idempotency_key: second?.key,
          crud: [{ id: 'l2', op: 'DELETE', table: 'lists' }],
        },
      ],
    });
  });

  it('sends as many as maxTransactions says', async () => {
    const { send, requests } = await serve(respondApplied, { maxTransactions: 2 });
    const outcomes = await send(each(list('l1'), list('l2'), list('l3')), context());
    expect(summary(outcomes)).toEqual(['applied', 'applied', 'not_attempted']);
    expect(requests).toHaveLength(1);
  });

  it('leaves out what does not fit', async () => {
    const { send, requests } = await serve(respondApplied, { maxBodyBytes: 250 });
    expect(summary(await send(each(list('l1'), list('l2'), list('l3')), context()))).toEqual([
      'applied',
      'not_attempted',
      'not_attempted',
    ]);
    expect(requests).toHaveLength(1);
  });

  it('an answer for one is not one for a list', async () => {
    const { send } = await serve((response) => respond(response, 200, { status: 'success' }));
    expect(await failureOf(send(each(list('l1')), context()))).toMatchObject({ code: 'misconfigured' });
  });
});

describe('one transaction per call', () => {
  const options = { oneTransaction: true };
  const fatal = {
    status: 'fatal_error',
    message: 'no',
    failed_operation: { error_code: 'VALIDATION_ERROR' },
  };

  it('sends the transaction itself', async () => {
    const { send, requests } = await serve(
      (response) => respond(response, 200, { status: 'success' }),
      options,
    );
    const batch = each(list('l1'), list('l2'));
    expect(summary(await send(batch, context()))).toEqual(['applied', 'applied']);
    const [first] = batch.transactions;
    expect(requests).toHaveLength(2);
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
      transaction_id: first?.transactionId,
      idempotency_key: first?.key,
      crud: [
        {
          client_id: first?.entries[0]?.clientId,
          id: 'l1',
          op: 'PUT',
          table: 'lists',
          op_data: { name: 'Home' },
        },
      ],
    });
  });

  it.each([
    ['a refusal', fatal, 'rejected invalid'],
    ['one in a list', { results: [{ ...fatal, requires_client_handling: false }] }, 'rejected invalid'],
    ['success in a list', { results: [{ status: 'success' }] }, 'applied'],
    ['trouble', { status: 'retryable_error', message: 'later' }, 'retry unavailable'],
    ['another status', { status: 'ok' }, 'retry misconfigured'],
    ['a list of two', { results: [{ status: 'success' }, { status: 'success' }] }, 'retry misconfigured'],
    ['results that are none', { results: null, status: 'success' }, 'retry misconfigured'],
    ['a list', [{ status: 'success' }], 'retry misconfigured'],
  ])('%s', async (_, answer, expected) => {
    const { send } = await serve((response) => respond(response, 200, answer), options);
    expect(summary(await send(together(list('l1')), context()))).toEqual([expected]);
  });

  it('stops at the first that is not applied', async () => {
    const { send, requests } = await serve(
      (response, { body }) => respond(response, 200, body.includes('l2') ? fatal : { status: 'success' }),
      { ...options, errorCodes: { VALIDATION_ERROR: 'conflict' } },
    );
    expect(summary(await send(each(list('l1'), list('l2'), list('l3')), context()))).toEqual([
      'applied',
      'rejected conflict',
      'not_attempted',
    ]);
    expect(requests).toHaveLength(2);
  });

  it('a refused token is thrown', async () => {
    const { send } = await serve((response) => respond(response, 401, { message: 'Invalid JWT' }), options);
    expect(await failureOf(send(each(list('l1')), context()))).toMatchObject({ code: 'unauthenticated' });
  });
});

describe('a refused call whose body has a code', () => {
  it.each([
    ['the SQLSTATE of an outage', { code: '57P03' }, 'unavailable'],
    ['one of the app', { error: { code: 'APP_TOO_OLD' } }, 'update_required'],
    ['one that nobody knows', { code: 'X' }, 'invalid'],
  ])('%s', async (_, body, code) => {
    const { send } = await serve((response) => respond(response, 400, body), {
      errorCodes: { APP_TOO_OLD: 'update_required' },
    });
    expect(await failureOf(send(each(list('l1')), context()))).toMatchObject({ code, status: 400 });
  });
});

describe('failures', () => {
  const batch: UploadBatch = each(list('l1', 'SECRET'), list('l2'));
  const page = '<h1>SECRET</h1>';

  it.each<[string, number, string, Record<string, string>, object]>([
    ['a refusal in JSON', 400, '{"message":"SECRET"}', {}, { code: 'invalid', status: 400 }],
    ['a page about a bad request', 400, page, {}, { code: 'misconfigured', status: 400 }],
    ['a right that is missing', 403, '{"message":"SECRET"}', {}, { code: 'forbidden', status: 403 }],
    ['a page that forbids', 403, page, {}, { code: 'misconfigured', status: 403 }],
    ['a function that is missing', 404, '{"code":"NOT_FOUND"}', {}, { code: 'misconfigured', status: 404 }],
    ['a body that is too large', 413, page, {}, { code: 'too_large', status: 413 }],
    ['too many calls', 429, '{}', { 'retry-after': '7' }, { code: 'throttled', retryAfterMs: 7000 }],
    ['a crash', 500, '{}', {}, { code: 'unavailable', status: 500 }],
    ['a limit of the runtime', 546, '{}', {}, { code: 'unavailable', status: 546 }],
    ['the relay', 502, '{}', { 'x-relay-error': 'true' }, { code: 'unavailable' }],
    ['a page of a captive portal', 200, page, { 'content-type': 'text/html' }, { code: 'misconfigured' }],
    ['JSON that is cut off', 200, '{"results":[{', {}, { code: 'misconfigured' }],
    ['an empty answer', 200, '', { 'content-type': 'text/plain' }, { code: 'misconfigured' }],
    ['a list that is too short', 200, '{"results":[]}', {}, { code: 'misconfigured' }],
    ['an endless answer', 400, `"${'x'.repeat(6_000_000)}"`, {}, { code: 'misconfigured', status: 400 }],
  ])('%s', async (_, status, body, headers, expected) => {
    const { send } = await serve((response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    });
    const error = await failureOf(send(batch, context()));
    expect(error).toMatchObject(expected);
    expect(everythingIn(error)).not.toMatch(/SECRET|Bearer/);
  });

  it('JSON without its content type is read all the same', async () => {
    const { send } = await serve((response) => {
      response.writeHead(200).end('{"results":[{"status":"success"},{"status":"success"}]}');
    });
    expect(summary(await send(batch, context()))).toEqual(['applied', 'applied']);
  });

  it('a broken connection', async () => {
    const { send, close } = await serve((response) => void response.destroy());
    expect(await failureOf(send(batch, context()))).toMatchObject({ code: 'network' });
    await close();
    expect(await failureOf(send(batch, context()))).toMatchObject({ code: 'network' });
  });

  it('a connection that breaks in the middle of an answer', async () => {
    const { send } = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"results":[');
      setTimeout(() => response.destroy(), 10);
    });
    expect(await failureOf(send(batch, context()))).toMatchObject({ code: 'network' });
  });

  it('an abort ends the call', async () => {
    const controller = new AbortController();
    const { send } = await serve(() => controller.abort());
    expect(await failureOf(send(batch, context({ signal: controller.signal })))).toMatchObject({
      code: 'aborted',
    });
  });

  it('nobody signed in: nothing is sent, least of all with the anonymous key', async () => {
    const { send, requests } = await serve(respondApplied);
    const outcome = send(batch, context({ token: async () => undefined }));
    expect(await failureOf(outcome)).toMatchObject({ code: 'unauthenticated' });
    expect(requests).toEqual([]);
  });
});
