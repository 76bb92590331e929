import { HttpResponse } from 'msw';
import { UploadError, type UploadErrorCode, type Verdict } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { fakeClock } from 'powersync-backend-connector/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, queued } from '../support/connector.ts';
import { httpConnector, names, recorded, recordedNames, thrownBy } from './queue.ts';
import {
  applyAll,
  each,
  everythingIn,
  fatal,
  page,
  refusal,
  refusing,
  results,
  serveWriteApi,
  success,
  URL_OF_API,
} from './support.ts';

const api = serveWriteApi();
let client: TestClient;

beforeEach(async () => {
  client = await openClient();
});
afterEach(() => closeClient(client));

const tryAgain = { status: 'retryable_error' };
const notAttempted = { status: 'not_attempted' };

describe('an upload over HTTP', () => {
  it('sends the queue in order and empties it', async () => {
    await addTodos(client, 'a', 'b', 'c');
    const { connector } = httpConnector();
    await connector.uploadData(client.db);
    expect(api.request().names).toEqual(['a', 'b', 'c']);
    expect(await queued(client)).toEqual([]);
  });

  it('sends what the SDK tracked: previous values, metadata, transaction ids', async () => {
    await client.db.execute("INSERT INTO todos (id, description) VALUES ('t', 'before')");
    await client.db.writeTransaction(async (tx) => {
      await tx.execute(
        "UPDATE todos SET description = 'after', completed = NULL, _metadata = 'from the form'",
      );
      await tx.execute("DELETE FROM todos WHERE id = 't'");
    });
    await httpConnector().connector.uploadData(client.db);
    const [, second] = api.request().transactions;
    expect(second?.transaction_id).toEqual(expect.any(Number));
    expect(second?.crud).toMatchObject([
      {
        op: 'PATCH',
        table: 'todos',
        id: 't',
        transaction_id: second?.transaction_id,
        op_data: { description: 'after' },
        previous_values: { description: 'before' },
        metadata: 'from the form',
      },
      { op: 'DELETE', table: 'todos', id: 't', previous_values: { description: 'after' } },
    ]);
    expect(second?.crud[1]).not.toHaveProperty('op_data');
  });

  it('drains more than one request takes, each transaction once and in order', async () => {
    const all = names('row', 120);
    await addTodos(client, ...all);
    const report = await httpConnector().connector.drain(client.db);
    expect(report).toEqual({ drained: true, applied: 120, rejected: 0, remainingEntries: 0 });
    expect(api.requests.flatMap((request) => request.names)).toEqual(all);
    expect(api.requests).toHaveLength(3);
  });

  it('what maxBodyBytes cut off goes into the next request', async () => {
    const all = names('row', 10);
    await addTodos(client, ...all);
    const transport = writeApi({ url: URL_OF_API, maxBodyBytes: 1_000 });
    await httpConnector({ transport }).connector.drain(client.db);
    expect(api.requests.flatMap((request) => request.names)).toEqual(all);
    expect(api.requests.length).toBeGreaterThan(1);
  });

  it('sends the same key for the same transaction, in whatever request it travels', async () => {
    await addTodos(client, 'a', 'b', 'c');
    const clock = fakeClock();
    const { connector } = httpConnector({ clock });
    api.answers(() => results(success, tryAgain, notAttempted));
    await thrownBy(connector.uploadData(client.db));
    clock.advance(5_000);
    api.answers(refusal(503));
    await thrownBy(connector.uploadData(client.db));
    api.answers(applyAll);
    await httpConnector().connector.drain(client.db);
    const keys = api.requests.map(({ transactions }) => transactions.map((each) => each.idempotency_key));
    expect(keys[1]).toEqual(keys[0]?.slice(1));
    expect(keys[2]).toEqual(keys[1]);
    expect(new Set(keys[0]).size).toBe(3);
  });
});

describe('a transaction that the backend refuses within a 2xx', () => {
  beforeEach(() => addTodos(client, 'good', 'bad', 'later'));

  it('leaves the queue, is recorded and reported, and blocks nothing', async () => {
    const failed_operation = { error_code: 'CHECK_VIOLATION', message: 'too long', operation_index: 0 };
    api.answers(each((name) => (name === 'bad' ? fatal('', { failed_operation }) : undefined)));
    const { connector, events } = httpConnector();
    await connector.uploadData(client.db);
    expect(await queued(client)).toEqual([]);
    expect(await recorded(client)).toEqual([
      {
        name: 'bad',
        code: 'invalid',
        status: null,
        entry_index: 0,
        details: JSON.stringify(failed_operation),
      },
    ]);
    const key = api.request().transactions[1]?.idempotency_key;
    expect(events).toContainEqual({
      type: 'rejected',
      key,
      code: 'invalid',
      tables: ['todos'],
      entryIndex: 0,
      decision: 'complete',
    });
    expect(connector.status.counters).toMatchObject({ applied: 2, rejected: 1 });
  });

  it('where the backend stops behind it, the rest goes with the next request', async () => {
    api.answers(() => results(success, fatal('INVALID_DATA'), notAttempted));
    const { connector } = httpConnector();
    await connector.uploadData(client.db);
    expect(await queued(client)).toEqual(['later']);
    api.answers(applyAll);
    await connector.uploadData(client.db);
    expect(api.requests.map((request) => request.names)).toEqual([['good', 'bad', 'later'], ['later']]);
  });

  it('points to no entry where the index of the backend is beyond them', async () => {
    const failed_operation = { error_code: 'INVALID_DATA', operation_index: 5 };
    api.answers(each((name) => (name === 'bad' ? fatal('', { failed_operation }) : undefined)));
    await httpConnector().connector.uploadData(client.db);
    expect(await recorded(client)).toMatchObject([{ entry_index: null }]);
  });

  it('points to the entry in the queue, also where a transform left others out before it', async () => {
    await httpConnector().connector.drain(client.db);
    await client.db.writeTransaction(async (tx) => {
      await tx.execute("INSERT INTO lists (id, name) VALUES ('local', 'x')");
      await tx.execute("INSERT INTO todos (id, description) VALUES ('t', 'bad')");
    });
    api.answers(() => results(fatal('', { failed_operation: { error_code: 'X', operation_index: 0 } })));
    const seen: unknown[] = [];
    const { connector } = httpConnector({
      transform: (entries) => entries.filter(({ table }) => table !== 'lists'),
      rejections: ({ entries, entryIndex }) => {
        seen.push(
          entries.map(({ table }) => table),
          entryIndex,
        );
        return 'complete';
      },
    });
    await connector.uploadData(client.db);
    expect(seen).toEqual([['lists', 'todos'], 1]);
  });

  it('is recorded also where a transport gives details that JSON cannot hold', async () => {
    const details: Record<string, unknown> = { count: 1n };
    details.itself = details;
    const { connector } = httpConnector({
      transport: async ({ transactions }) =>
        transactions.map(() => ({ status: 'rejected', error: new UploadError('invalid', 'no'), details })),
    });
    await connector.uploadData(client.db);
    expect(await recordedNames(client)).toEqual(['good', 'bad', 'later']);
    expect(await queued(client)).toEqual([]);
  });

  it('SCHEMA_MISMATCH is held: the app is newer than the backend, the write is good', async () => {
    api.answers(each((name) => (name === 'bad' ? fatal('SCHEMA_MISMATCH') : undefined)));
    const clock = fakeClock();
    const { connector } = httpConnector({ clock });
    expect(await thrownBy(connector.uploadData(client.db))).toMatchObject({ code: 'schema_mismatch' });
    expect(await queued(client)).toEqual(['bad', 'later']);
    expect(connector.status.phase).toBe('held');
    api.answers(applyAll); // the backend was migrated
    clock.advance(300_000);
    await connector.uploadData(client.db);
    expect(await queued(client)).toEqual([]);
    expect(await recorded(client)).toEqual([]);
  });

  it('requires_client_handling is held until the app decides', async () => {
    const decide = fatal('LIST_IS_FULL', { requires_client_handling: true });
    api.answers(each((name) => (name === 'bad' ? decide : undefined)));
    const { connector, events } = httpConnector({ batching: { maxTransactions: 1 } });
    await connector.uploadData(client.db);
    expect(await thrownBy(connector.uploadData(client.db))).toMatchObject({ code: 'invalid' });
    expect(await queued(client)).toEqual(['bad', 'later']);
    expect(connector.status.phase).toBe('held');
    expect(events).toContainEqual(expect.objectContaining({ type: 'rejected', decision: 'hold' }));

    const decided = httpConnector({ rejections: () => 'complete' });
    await decided.connector.drain(client.db);
    expect(await queued(client)).toEqual([]);
  });

  it('requires_client_handling is recorded where the backend has applied what stands behind it', async () => {
    const decide = fatal('LIST_IS_FULL', { requires_client_handling: true });
    api.answers(each((name) => (name === 'bad' ? decide : undefined)));
    await httpConnector().connector.uploadData(client.db);
    expect(await queued(client)).toEqual([]);
    const { listRejected } = await import('powersync-backend-connector/rejections');
    expect(await listRejected(client.db)).toMatchObject([{ state: 'rejected', needsDecision: true }]);
  });

  it('retryable_error keeps it and all behind it, in order, although those were applied', async () => {
    api.answers(() => results(success, { status: 'retryable_error', retry_after_ms: 60_000 }, success));
    const clock = fakeClock();
    const { connector } = httpConnector({ clock });
    const error = await thrownBy(connector.uploadData(client.db));
    expect(error).toMatchObject({ code: 'unavailable', retryAfterMs: 60_000 });
    expect(await queued(client)).toEqual(['bad', 'later']);

    clock.advance(59_999);
    expect(await thrownBy(connector.uploadData(client.db))).toBe(error);
    api.answers(applyAll);
    clock.advance(1);
    await connector.uploadData(client.db);
    expect(api.requests.map((request) => request.names)).toEqual([
      ['good', 'bad', 'later'],
      ['bad', 'later'],
    ]);
    expect(await queued(client)).toEqual([]);
  });

  it('a backend that attempts nothing keeps everything', async () => {
    api.answers(each(() => notAttempted));
    const error = await thrownBy(httpConnector().connector.uploadData(client.db));
    expect(error).toMatchObject({ code: 'misconfigured' });
    expect(await queued(client)).toEqual(['good', 'bad', 'later']);
  });
});

describe('what the app’s rejection policy says of a refused transaction', () => {
  beforeEach(async () => {
    await addTodos(client, 'bad', 'later');
    api.answers(each((name) => (name === 'bad' ? fatal('INVALID_DATA', { message: 'no' }) : undefined)));
  });

  it('"complete" lets it go', async () => {
    const told: unknown[] = [];
    const { connector } = httpConnector({
      rejections: ({ entries, error, details }) => {
        told.push(entries[0]?.opData?.description, error.code, details);
        return 'complete';
      },
    });
    await connector.uploadData(client.db);
    expect(told).toEqual(['bad', 'invalid', { error_code: 'INVALID_DATA', message: 'no' }]);
    expect(await queued(client)).toEqual([]);
    expect(await recorded(client)).toEqual([]); // the policy is the app's own
  });

  it('"hold" keeps it, and all behind it', async () => {
    const { connector } = httpConnector({
      rejections: () => Promise.resolve('hold'),
      batching: { maxTransactions: 1 },
    });
    expect(await thrownBy(connector.uploadData(client.db))).toMatchObject({ code: 'invalid' });
    expect(await queued(client)).toEqual(['bad', 'later']);
    expect(connector.status.phase).toBe('held');
  });

  it('a policy that throws keeps it', async () => {
    const oops = new Error('disk full');
    const { connector } = httpConnector({
      rejections: () => Promise.reject(oops),
      batching: { maxTransactions: 1 },
    });
    const error = await thrownBy(connector.uploadData(client.db));
    expect(error).toMatchObject({ code: 'unknown', cause: { name: 'Error' } });
    expect(await queued(client)).toEqual(['bad', 'later']);
  });

  it('a decision made later is asked for with the next upload', async () => {
    const clock = fakeClock();
    let decision: 'hold' | 'complete' = 'hold';
    const { connector } = httpConnector({
      clock,
      rejections: () => decision,
      batching: { maxTransactions: 1 },
    });
    await thrownBy(connector.uploadData(client.db));
    decision = 'complete';
    clock.advance(5_000);
    await connector.drain(client.db);
    expect(await queued(client)).toEqual([]);
  });
});

describe('what a refused request comes to, by its status', () => {
  const rows: [status: number, code: UploadErrorCode, fate: 'kept' | 'held' | 'rejected'][] = [
    [400, 'invalid', 'rejected'],
    [401, 'unauthenticated', 'kept'],
    [402, 'unknown', 'kept'],
    [403, 'forbidden', 'rejected'],
    [404, 'misconfigured', 'kept'],
    [405, 'misconfigured', 'kept'],
    [408, 'timeout', 'kept'],
    [409, 'conflict', 'rejected'],
    [410, 'misconfigured', 'kept'],
    [412, 'conflict', 'rejected'],
    [413, 'too_large', 'rejected'],
    [415, 'invalid', 'rejected'],
    [422, 'invalid', 'rejected'],
    [425, 'throttled', 'kept'],
    [426, 'update_required', 'held'],
    [429, 'throttled', 'kept'],
    [500, 'unavailable', 'kept'],
    [501, 'misconfigured', 'kept'],
    [502, 'unavailable', 'kept'],
    [503, 'unavailable', 'kept'],
    [504, 'unavailable', 'kept'],
  ];
  it.each(rows)('%d is %s: %s', async (status, code, fate) => {
    await addTodos(client, 'a');
    api.answers(refusal(status));
    const { connector } = httpConnector();
    const report = await connector.drain(client.db);
    if (fate === 'rejected') {
      expect(report).toEqual({ drained: true, applied: 0, rejected: 1, remainingEntries: 0 });
      expect(await recorded(client)).toMatchObject([{ name: 'a', code, status }]);
    } else {
      expect(report).toMatchObject({
        drained: false,
        rejected: 0,
        remainingEntries: 1,
        error: { code, status },
      });
      expect(await recorded(client)).toEqual([]);
      const phase = fate === 'held' ? 'held' : code === 'unauthenticated' ? 'needs-auth' : 'waiting';
      expect(connector.status.phase).toBe(phase);
    }
  });

  it.each([200, 400, 401, 403, 404, 409, 422, 500, 503])('%d with a web page keeps it', async (status) => {
    await addTodos(client, 'a');
    api.answers(page(status));
    const report = await httpConnector().connector.drain(client.db);
    expect(report).toMatchObject({ drained: false, rejected: 0, remainingEntries: 1 });
    expect(await recorded(client)).toEqual([]);
  });

  it.each([403, 401])('%d is refreshed once before it is believed', async (status) => {
    await addTodos(client, 'a');
    api.answers(({ headers }) =>
      headers.get('authorization') === 'Bearer token-1' ? refusal(status) : results(success),
    );
    const { connector, refreshes } = httpConnector();
    await connector.uploadData(client.db);
    expect(await queued(client)).toEqual([]);
    expect(refreshes()).toBe(2);
    expect(api.requests.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
    expect(api.requests[1]?.text).toBe(api.requests[0]?.text);
  });
});

describe('a token that the backend refuses again', () => {
  beforeEach(() => addTodos(client, 'a', 'b', 'c'));

  it('401: one refresh, one replay, then needs-auth; nothing is rejected', async () => {
    api.answers(refusal(401));
    const { connector, refreshes } = httpConnector();
    expect(await thrownBy(connector.uploadData(client.db))).toMatchObject({
      code: 'unauthenticated',
      status: 401,
    });
    expect(api.requests).toHaveLength(2);
    expect(refreshes()).toBe(2);
    expect(connector.status.phase).toBe('needs-auth');
    expect(await queued(client)).toEqual(['a', 'b', 'c']);
    expect(await recorded(client)).toEqual([]);
  });

  it('401: the next upload does not begin with a token that was refused already', async () => {
    const clock = fakeClock();
    api.answers(refusal(401));
    const { connector } = httpConnector({ clock });
    await thrownBy(connector.uploadData(client.db));
    api.answers(applyAll);
    clock.advance(300_000);
    await connector.uploadData(client.db);
    expect(api.requests.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer token-1',
      'Bearer token-2',
      'Bearer token-3',
    ]);
  });

  it('401: a provider that has only the one token is not asked for a replay', async () => {
    api.answers(refusal(401));
    const { connector } = httpConnector({ credentials: async () => ({ token: 'same' }) });
    await thrownBy(connector.uploadData(client.db));
    expect(api.requests).toHaveLength(1);
    expect(connector.status.phase).toBe('needs-auth');
  });

  it('401 and signed out in the meantime: needs-auth, without another request', async () => {
    api.answers(refusal(401));
    const tokens = [{ token: 'first' }, null];
    const { connector } = httpConnector({ credentials: async () => tokens.shift() ?? null });
    expect(await thrownBy(connector.uploadData(client.db))).toMatchObject({ code: 'unauthenticated' });
    expect(api.requests).toHaveLength(1);
    expect(connector.status.phase).toBe('needs-auth');
  });

  it('signed out: nothing is sent, and the upload goes on after the sign-in', async () => {
    let token: string | null = null;
    const { connector } = httpConnector({ credentials: async () => (token === null ? null : { token }) });
    await thrownBy(connector.uploadData(client.db));
    expect(api.requests).toEqual([]);
    expect(connector.status.phase).toBe('needs-auth');
    token = 'jwt';
    await connector.fetchCredentials(); // the SDK asks, in a loop of its own
    await connector.uploadData(client.db);
    expect(await queued(client)).toEqual([]);
  });

  it('403 again: one refresh for the whole call, then the one at fault is rejected', async () => {
    api.answers(refusing(['b'], 403));
    const { connector, refreshes } = httpConnector();
    await connector.uploadData(client.db);
    expect(refreshes()).toBe(2);
    expect(await recordedNames(client)).toEqual(['b']);
    expect(await queued(client)).toEqual([]);
  });
});

describe('while the gate is shut', () => {
  beforeEach(() => addTodos(client, 'a'));

  it('503: the very same error is thrown, without a request', async () => {
    const clock = fakeClock();
    api.answers(refusal(503));
    const { connector } = httpConnector({ clock, retry: { baseMs: 5_000, jitter: 0 } });
    const error = await thrownBy(connector.uploadData(client.db));
    expect(error).toMatchObject({ code: 'unavailable', status: 503 });
    expect(await queued(client)).toEqual(['a']);

    clock.advance(4_999);
    expect(await thrownBy(connector.uploadData(client.db))).toBe(error);
    expect(api.requests).toHaveLength(1);

    clock.advance(1);
    api.answers(applyAll);
    await connector.uploadData(client.db);
    expect(api.requests).toHaveLength(2);
    expect(await queued(client)).toEqual([]);
  });

  it('the wait is doubled with every failure, up to maxMs', async () => {
    const clock = fakeClock();
    api.answers(refusal(503));
    const { connector } = httpConnector({ clock, retry: { baseMs: 1_000, maxMs: 5_000, jitter: 0 } });
    const waits: number[] = [];
    for (let failure = 0; failure < 5; failure++) {
      await thrownBy(connector.uploadData(client.db));
      const wait = (connector.status.nextAttemptAt ?? 0) - clock();
      waits.push(wait);
      clock.advance(wait);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it.each([429, 503])('%d with Retry-After: not before the time the backend asked for', async (status) => {
    const clock = fakeClock();
    api.answers(refusal(status, { 'retry-after': '600' }));
    const { connector } = httpConnector({ clock });
    const error = await thrownBy(connector.uploadData(client.db));
    expect(connector.status.nextAttemptAt).toBe(clock() + 600_000);

    clock.advance(599_999);
    expect(await thrownBy(connector.uploadData(client.db))).toBe(error);
    expect(await connector.drain(client.db)).toMatchObject({ drained: false, error });
    expect(api.requests).toHaveLength(1);

    api.answers(applyAll);
    clock.advance(1);
    await connector.uploadData(client.db);
    expect(await queued(client)).toEqual([]);
  });

  it('Retry-After as a date is measured by the backend’s clock, however wrong the device’s', async () => {
    const clock = fakeClock(Date.UTC(2001, 0, 1));
    api.answers(
      refusal(503, {
        date: 'Sun, 06 Nov 2094 08:49:37 GMT',
        'retry-after': 'Sun, 06 Nov 2094 08:59:37 GMT',
      }),
    );
    const { connector } = httpConnector({ clock });
    await thrownBy(connector.uploadData(client.db));
    expect(connector.status.nextAttemptAt).toBe(clock() + 600_000);
  });

  it.each([0, 1])('drain() waits the %d s that the backend asked for, and no longer', async (seconds) => {
    const clock = fakeClock();
    api.answers(refusal(503, { 'retry-after': `${seconds}` }));
    const { connector } = httpConnector({ clock, retry: { baseMs: 60_000 } });
    await thrownBy(connector.uploadData(client.db));
    api.answers(applyAll);
    clock.advance(seconds * 1_000);
    expect(await connector.drain(client.db)).toMatchObject({ drained: true, applied: 1 });
  });

  it('drain() does not wait for the connector’s own back-off', async () => {
    api.answers(refusal(503));
    const { connector } = httpConnector({ clock: fakeClock() });
    await thrownBy(connector.uploadData(client.db));
    api.answers(applyAll);
    expect(await connector.drain(client.db)).toMatchObject({ drained: true, applied: 1 });
  });
});

describe('UNCLASSIFIED_ERROR, which some backends answer to an outage too', () => {
  beforeEach(async () => {
    await addTodos(client, 'good', 'bad', 'later');
    api.answers(each((name) => (name === 'bad' ? fatal('UNCLASSIFIED_ERROR') : undefined)));
  });

  it('is rejected after ten tries over ten minutes, and not before', async () => {
    const clock = fakeClock();
    const { connector } = httpConnector({ clock, retry: { maxMs: 67_000, jitter: 0 } });
    for (let tries = 1; tries <= 9; tries++) {
      expect(await thrownBy(connector.uploadData(client.db))).toMatchObject({ code: 'unclassified' });
      expect(await queued(client)).toEqual(['bad', 'later']);
      clock.advance(67_000);
    }
    await connector.drain(client.db);
    expect(await queued(client)).toEqual([]);
    expect(await recorded(client)).toMatchObject([{ name: 'bad', code: 'unclassified' }]);
  });

  it('ten tries within less than ten minutes are not enough', async () => {
    const clock = fakeClock();
    const { connector } = httpConnector({ clock, retry: { baseMs: 1_000, maxMs: 1_000 } });
    for (let tries = 1; tries <= 30; tries++) {
      expect(await thrownBy(connector.uploadData(client.db))).toMatchObject({ code: 'unclassified' });
      clock.advance(1_000);
    }
    expect(await recorded(client)).toEqual([]);
    clock.advance(570_000);
    await connector.drain(client.db);
    expect(await recordedNames(client)).toEqual(['bad']);
  });

  it('hours with fewer than ten tries are not enough', async () => {
    const clock = fakeClock();
    const { connector } = httpConnector({ clock });
    for (let tries = 1; tries <= 9; tries++) {
      await thrownBy(connector.uploadData(client.db));
      clock.advance(3_600_000);
    }
    expect(await queued(client)).toEqual(['bad', 'later']);
  });

  it('an upload that finds the gate shut is no try', async () => {
    const clock = fakeClock();
    const { connector } = httpConnector({ clock });
    for (let calls = 1; calls <= 30; calls++) await thrownBy(connector.uploadData(client.db));
    clock.advance(3_600_000);
    await thrownBy(connector.uploadData(client.db));
    expect(await queued(client)).toEqual(['bad', 'later']);
  });

  it('tries and time are counted on after a restart', async () => {
    const clock = fakeClock();
    for (let tries = 1; tries <= 9; tries++) {
      await thrownBy(httpConnector({ clock }).connector.uploadData(client.db));
      clock.advance(67_000);
    }
    await closeClient(client, { keepFiles: true });
    client = await openClient({ folder: client.folder, name: client.name });
    await httpConnector({ clock }).connector.drain(client.db);
    expect(await recordedNames(client)).toEqual(['bad']);
  });

  it('an outage that passes costs nothing', async () => {
    const clock = fakeClock();
    api.answers(each(() => fatal('UNCLASSIFIED_ERROR')));
    const { connector } = httpConnector({ clock });
    for (let tries = 1; tries <= 9; tries++) {
      await thrownBy(connector.uploadData(client.db));
      clock.advance(3_600_000);
    }
    api.answers(applyAll);
    expect(await connector.drain(client.db)).toMatchObject({ drained: true, rejected: 0 });
  });

  it('an outage of an hour empties no more than ten transactions into "rejected"', async () => {
    const clock = fakeClock();
    await addTodos(client, ...names('row', 20));
    api.answers(each(() => fatal('UNCLASSIFIED_ERROR')));
    const { connector } = httpConnector({ clock });
    for (let calls = 0; calls < 720; calls++) {
      await connector.uploadData(client.db).catch(() => {});
      clock.advance(5_000);
    }
    expect((await recordedNames(client)).length).toBeLessThanOrEqual(10);
  });
});

describe('classify(): the app reads a failure otherwise', () => {
  beforeEach(() => addTodos(client, 'a'));

  const overrides: [status: number, verdict: Verdict, left: string[], phase: string][] = [
    [400, 'retry', ['a'], 'waiting'],
    [400, 'hold', ['a'], 'held'],
    [400, 'ambiguous', ['a'], 'waiting'],
    [503, 'reject', [], 'idle'],
    [418, 'reject', [], 'idle'],
    [426, 'retry', ['a'], 'waiting'],
  ];
  it.each(overrides)('%d as %s leaves %j queued, and the phase %s', async (status, verdict, left, phase) => {
    api.answers(refusal(status));
    const { connector } = httpConnector({
      classify: (failure) => (failure.status === status ? verdict : undefined),
    });
    await connector.drain(client.db);
    expect(await queued(client)).toEqual(left);
    expect(connector.status.phase).toBe(phase);
  });

  it('sees the words of the backend, and whether it spoke of one transaction', async () => {
    const seen: unknown[] = [];
    const { connector } = httpConnector({
      classify: ({ code, status, inBand, details }) => {
        seen.push({ code, status, inBand, details });
        return 'retry';
      },
    });
    api.answers(() => results(fatal('LIST_IS_FULL')));
    await connector.drain(client.db);
    api.answers(refusal(422));
    await connector.drain(client.db);
    expect(seen).toEqual([
      { code: 'invalid', status: undefined, inBand: true, details: { error_code: 'LIST_IS_FULL' } },
      { code: 'invalid', status: 422, inBand: false, details: undefined },
    ]);
  });

  it('a classify() that throws on one transaction neither rejects nor sends again what was applied before it', async () => {
    await addTodos(client, 'bad', 'later');
    api.answers(each((name) => (name === 'bad' ? fatal('INVALID_DATA') : undefined)));
    const { connector } = httpConnector({
      classify: ({ inBand }) => {
        if (inBand) throw new Error('oops');
        return 'reject';
      },
    });
    expect(await connector.drain(client.db)).toMatchObject({ drained: false, rejected: 0 });
    expect(await recorded(client)).toEqual([]);
    expect(await queued(client)).toContain('bad');
    expect(api.requests).toHaveLength(1);
  });
});

describe('P7: what is thrown, kept in the status and emitted', () => {
  it('holds no token, row data or words of the backend', async () => {
    await addTodos(client, 'SECRET-ROW', 'SECRET-BAD', 'SECRET-LATER');
    const clock = fakeClock();
    const { connector, events } = httpConnector({
      clock,
      credentials: async () => ({ token: `SECRET-TOKEN-${clock()}` }),
    });
    const thrown: unknown[] = [];
    const answers = [
      refusal(401),
      refusal(503),
      HttpResponse.json({ message: 'SECRET-WORDS' }, { status: 429 }),
      HttpResponse.text('SECRET-WORDS'),
      HttpResponse.error(),
    ];
    for (const answer of answers) {
      api.answers(answer);
      thrown.push(await thrownBy(connector.uploadData(client.db)));
      clock.advance(3_600_000);
    }
    api.answers(
      each((name) => (name === 'SECRET-BAD' ? fatal('X', { message: 'SECRET-WORDS' }) : undefined)),
    );
    thrown.push(connector.status);
    await connector.drain(client.db);
    expect(thrown).toHaveLength(6);
    expect(events.length).toBeGreaterThan(10);
    expect([...thrown, ...events].map(everythingIn).filter((text) => text.includes('SECRET'))).toEqual([]);
  });
});

describe('drain()', () => {
  it('reports instead of throwing, also where the database is closed', async () => {
    await addTodos(client, 'a');
    const { connector } = httpConnector();
    await client.db.close();
    expect(await connector.drain(client.db)).toMatchObject({
      drained: false,
      error: expect.any(UploadError),
    });
  });

  it('tells with an event that the queue is empty', async () => {
    await addTodos(client, 'a', 'b');
    const { connector, events } = httpConnector();
    await connector.drain(client.db);
    expect(events.map(({ type }) => type)).toContain('drained');
  });
});
