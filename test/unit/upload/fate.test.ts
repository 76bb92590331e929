import fc from 'fast-check';
import { unsignedJwt } from 'powersync-backend-connector/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { perEntry } from '../../../src/combine/per-entry.ts';
import { route } from '../../../src/combine/route.ts';
import type { UploadErrorCode } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import type { BackendConnectorOptions } from '../../../src/options.ts';
import { hold } from '../../../src/rejections/hold.ts';
import { listRejected } from '../../../src/rejections/list.ts';
import type { RejectionPolicy } from '../../../src/rejections/policy.ts';
import { record } from '../../../src/rejections/record.ts';
import type { Outcome } from '../../../src/transport/outcome.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { deferred, testConnector } from '../../support/connector.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

const START = 1_700_000_000_000;
const APPLIED: Outcome = { status: 'applied' };
const no = (code: UploadErrorCode, status?: number) => new UploadError(code, 'No.', { status });

interface Row {
  key: string;
  state: string;
  code: string;
  may_be_applied: number;
  needs_decision: number;
}

const rows = async (queue: FakeQueue): Promise<Row[]> =>
  queue.getAll<Row>('SELECT * FROM connector_rejected_writes ORDER BY rowid').catch(() => []);

/**
 * A backend that knows keys. `refuse` says what is wrong with a request that holds these writes, by the text they write;
 * what is applied is written down in order, replays not.
 */
function backend(refuse: (texts: readonly string[]) => UploadError | undefined = () => undefined) {
  const requests: string[][] = [];
  const effects: string[] = [];
  const keys = new Set<string>();
  const transport: Transport = async ({ transactions }) => {
    const texts = transactions.map(({ entries }) => String(entries[0]?.opData?.text));
    requests.push(texts);
    const error = refuse(texts);
    if (error) throw error;
    for (const [index, { key }] of transactions.entries()) {
      if (!keys.has(key)) effects.push(texts[index] ?? '');
      keys.add(key);
    }
    return transactions.map(() => APPLIED);
  };
  return { transport, requests, effects, keys, refuse };
}

/** Writes of one row, each in a transaction of its own. */
function queueOf(...texts: string[]): FakeQueue {
  const queue = new FakeQueue(`client ${++clients}`);
  for (const text of texts) queue.write({ id: 'x', opData: { text } });
  return queue;
}
let clients = 0;

/** A connector on a clock that is turned to the next try whenever an upload fails. */
function onClock(options: Partial<BackendConnectorOptions>, start = START) {
  const clock = { now: start };
  const { connector, events } = testConnector({ clock: () => clock.now, ...options });
  return {
    ...{ connector, events, clock },
    /** Uploads until the queue is empty or so many uploads have failed; returns the codes they failed with. */
    async upload(queue: FakeQueue, failures = 1): Promise<string[]> {
      const codes: string[] = [];
      while (queue.opIds.length > 0 && codes.length < failures) {
        await connector.uploadData(queue).catch((error) => {
          codes.push(error.code);
          clock.now = Math.max(clock.now, connector.status.nextAttemptAt ?? 0);
        });
      }
      return codes;
    },
  };
}

describe('the newer write of a row is never undone by the older one', () => {
  /** Refuses the older one, and so each request with it, as long as it is in trouble. */
  function troubled(code: UploadErrorCode = 'invalid') {
    const state = { isInTrouble: true };
    const all = backend((texts) => (state.isInTrouble && texts.includes('old') ? no(code) : undefined));
    return { state, ...all };
  }

  it.each<[string, RejectionPolicy]>([
    ['holds', hold()],
    ['holds without a record', () => 'hold'],
    [
      'throws',
      () => {
        throw new Error('bug');
      },
    ],
    ['answers what is no decision', (() => 'later') as never],
  ])('by a policy that %s', async (_, rejections) => {
    const { state, transport, requests, effects } = troubled();
    const { upload } = onClock({ transport, rejections });
    const queue = queueOf('old', 'new');
    await upload(queue, 3);
    expect(requests.flat()).toContain('new'); // together with the old one
    expect([effects, queue.opIds]).toEqual([[], [1, 2]]);
    state.isInTrouble = false;
    await upload(queue);
    expect(effects).toEqual(['old', 'new']);
  });

  it('by a policy that is slower than the call', async () => {
    const { transport, requests, effects } = troubled();
    const answer = deferred<'complete'>();
    const policy = vi.fn(() => answer.promise);
    const { upload } = onClock({ transport, rejections: policy, retry: { timeoutMs: 200 } });
    const queue = queueOf('old', 'new');
    expect(await upload(queue, 2)).toEqual(['timeout', 'timeout']);
    expect(requests).toEqual([['old', 'new'], ['old']]); // not again, as long as the policy is at work
    answer.resolve('complete');
    await upload(queue);
    expect(policy).toHaveBeenCalledTimes(1);
    expect(requests.slice(2)).toEqual([['new']]);
    expect(effects).toEqual(['new']);
  });

  it('by the breaker', async () => {
    const { state, transport, effects, requests } = troubled();
    const { connector, upload } = onClock({ transport });
    const queue = queueOf('old', 'new');
    const others = backend(() => no('invalid'));
    const before = onClock({ transport: others.transport });
    const bad = queue.reopened().write({}).write({}).write({});
    await before.upload(bad);
    expect(before.connector.status.breaker).toBe('open');
    expect(connector.status.breaker).toBe('closed'); // it has not looked yet
    expect(await upload(queue, 2)).toEqual(['misconfigured', 'misconfigured']);
    expect(connector.status.breaker).toBe('open');
    expect(requests).toEqual([['old'], ['old']]);
    state.isInTrouble = false;
    await upload(queue);
    expect(effects).toEqual(['old', 'new']);
  });

  it('by an ambiguous answer, which has a budget', async () => {
    const { state, transport, effects } = troubled('unclassified');
    const { upload } = onClock({ transport, retry: { ambiguous: { attempts: 3, minMs: 60_000 } } });
    const queue = queueOf('old', 'new');
    await upload(queue, 2);
    expect(effects).toEqual([]);
    state.isInTrouble = false;
    await upload(queue);
    expect(effects).toEqual(['old', 'new']);
  });

  it('by a 413 of a backend that took the newer one', async () => {
    const { state, transport, effects } = troubled('too_large');
    const { upload } = onClock({ transport, rejections: () => 'hold' });
    const queue = queueOf('old', 'new');
    await upload(queue, 3);
    expect(effects).toEqual([]);
    state.isInTrouble = false;
    await upload(queue);
    expect(effects).toEqual(['old', 'new']);
  });

  it('by a deadline that passes between the halves', async () => {
    const { state, transport, effects, requests } = troubled();
    const released = deferred();
    const slow: Transport = async (batch, context) => {
      if (batch.transactions.length === 1 && state.isInTrouble) await released.promise;
      return transport(batch, context);
    };
    const { upload } = onClock({ transport: slow, retry: { timeoutMs: 200 } });
    const queue = queueOf('old', 'new');
    expect(await upload(queue)).toEqual(['timeout']);
    released.resolve();
    await vi.waitFor(() => expect(requests).toEqual([['old', 'new'], ['old']]));
    state.isInTrouble = false;
    await upload(queue, 9);
    expect(effects).toEqual(['old', 'new']);
  });

  it('by a policy that is asked just before the end of the call', async () => {
    const { transport, requests } = troubled();
    const queue = queueOf('old', 'new');
    const policy = vi.fn<RejectionPolicy>(() => 'complete');
    const { connector } = onClock({ transport, rejections: policy });
    const late = new AbortController();
    const getAll = queue.getAll.bind(queue);
    queue.getAll = (sql, parameters) => {
      if (requests.length === 2) late.abort(); // while it looks how much the refusal has to be confirmed
      return getAll(sql, parameters);
    };
    await expect(connector.drain(queue, { signal: late.signal })).resolves.toMatchObject({ drained: false });
    expect(policy).not.toHaveBeenCalled();
    expect(requests).toEqual([['old', 'new'], ['old']]);
  });

  it('whatever is refused when, and whatever the policy does', async () => {
    const policies = fc.constantFrom<'record' | 'hold' | 'throw' | 'complete'>(
      'record',
      'hold',
      'throw',
      'complete',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.array(fc.nat(7), { maxLength: 3 }), { maxLength: 25 }),
        fc.infiniteStream(policies),
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom<UploadErrorCode>('invalid', 'too_large', 'forbidden', 'conflict'),
        async (size, troubles, decisions, maxTransactions, code) => {
          let requests = 0;
          const { transport, effects } = backend((texts) =>
            (troubles[requests++] ?? []).some((bad) => texts.includes(`${bad}`)) ? no(code) : undefined,
          );
          const gone: string[] = [];
          const keep = record();
          const rejections: RejectionPolicy = async (rejected, context) => {
            const decision = decisions.next().value;
            if (decision === 'throw') throw new Error('bug');
            if (decision === 'hold') return hold()(rejected, context);
            if (decision === 'record') await keep(rejected, context);
            gone.push(String(rejected.entries[0]?.opData?.text));
            return 'complete';
          };
          const { upload } = onClock({ transport, rejections, batching: { maxTransactions } });
          const texts = Array.from({ length: size }, (_, index) => `${index}`);
          const queue = queueOf(...texts);
          await upload(queue, 200);
          expect(queue.opIds).toEqual([]);
          expect(effects).toEqual(texts.filter((text) => effects.includes(text)));
          expect([...effects, ...gone].sort()).toEqual(texts); // each either applied or rejected, once
          // A policy that let go of what it had held before, without recording it, leaves nothing to show.
          const listed = await listRejected(queue);
          expect(listed.every(({ state }) => state === 'rejected')).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('where the backend itself went on behind one that it refused', () => {
  const inBand =
    (...outcomes: Outcome[]): Transport =>
    async ({ transactions }) =>
      transactions.map((_, index) => outcomes[index] ?? APPLIED);

  it.each<[string, RejectionPolicy, number]>([
    ['record()', record(), 0],
    ['hold()', hold(), 1],
    ['a policy that throws', () => Promise.reject(new Error('bug')), 1],
  ])('that one is recorded and leaves, also with %s', async (_, rejections, needsDecision) => {
    const transport = inBand({ status: 'rejected', error: no('conflict') });
    const { upload } = onClock({ transport, rejections });
    const queue = queueOf('old', 'new', 'newest');
    expect(await upload(queue)).toEqual([]);
    expect(await rows(queue)).toMatchObject([{ state: 'rejected', needs_decision: needsDecision }]);
  });

  it('the policy is told, and of no other', async () => {
    const told: unknown[] = [];
    const rejections: RejectionPolicy = ({ cannotWait }) => {
      told.push(cannotWait);
      return 'complete';
    };
    const rejected: Outcome = { status: 'rejected', error: no('conflict') };
    const { upload } = onClock({ transport: inBand(rejected, APPLIED, rejected), rejections });
    await upload(queueOf('a', 'b', 'c'));
    expect(told).toEqual([true, false]);
  });

  it('one that is to be retried leaves too, if what went before it wrote the same row', async () => {
    const transport = inBand({ status: 'retry', error: no('unavailable') });
    const { upload } = onClock({ transport });
    const queue = queueOf('old', 'new');
    expect(await upload(queue)).toEqual([]);
    expect(await rows(queue)).toMatchObject([{ state: 'rejected', code: 'unavailable' }]);
  });

  it('one behind a write that is retried is not sent again, after the newer one of its row', async () => {
    const { transport, effects, requests } = backend();
    let isFirst = true;
    const troubled: Transport = async (batch, context) => {
      if (!isFirst) return transport(batch, context);
      isFirst = false;
      await transport({ transactions: batch.transactions.slice(2) }, context);
      return [
        { status: 'retry', error: no('unavailable') },
        { status: 'rejected', error: no('conflict') },
        APPLIED,
      ];
    };
    const { upload } = onClock({ transport: troubled });
    const queue = new FakeQueue(`client ${++clients}`)
      .write({ id: 'y', opData: { text: 'other' } })
      .write({ id: 'x', opData: { text: 'old' } })
      .write({ id: 'x', opData: { text: 'new' } });
    expect(await upload(queue, 9)).toEqual(['unavailable']);
    expect(effects).toEqual(['new', 'other']);
    expect(requests.flat()).not.toContain('old');
    expect(await rows(queue)).toMatchObject([{ state: 'rejected', code: 'conflict' }]);
  });

  it('one that is to be retried stays, if that wrote other rows', async () => {
    let isFirst = true;
    const transport: Transport = async ({ transactions }) => {
      const [first, ...others] = transactions.map((): Outcome => APPLIED);
      const retried: Outcome = isFirst ? { status: 'retry', error: no('unavailable') } : (first as Outcome);
      isFirst = false;
      return [retried, ...others];
    };
    const { upload } = onClock({ transport });
    const queue = queueOf('a').write({ id: 'y' });
    expect(await upload(queue)).toEqual(['unavailable']);
    expect(queue.opIds).toEqual([1, 2]);
    expect(await upload(queue)).toEqual([]);
    expect(await rows(queue)).toEqual([]);
  });
});

describe('where the token is refused for one behind another that was not applied', () => {
  /** A backend that applies nothing of the first request: it has this to say of the old write, and forbids the new one. */
  async function effects(old: Outcome, rejections: RejectionPolicy) {
    const { transport, effects } = backend();
    const tokens = ['t1', 't2'];
    const refusing: Transport = async (batch, context) => {
      const token = await context.token();
      if (token !== 't1') return transport(batch, context);
      return [old, { status: 'rejected' as const, error: no('forbidden') }].slice(-batch.transactions.length);
    };
    const credentials = async () => ({ token: tokens.shift() ?? 't2' });
    const { upload } = onClock({ transport: refusing, rejections, credentials });
    const queue = queueOf('old', 'new');
    await upload(queue);
    return { effects, queued: queue.opIds };
  }

  it('a policy can still hold that one: nothing is sent behind it', async () => {
    const old = { status: 'rejected' as const, error: no('invalid') };
    expect(await effects(old, () => 'hold')).toEqual({ effects: [], queued: [1, 2] });
  });

  it('that one is not overtaken, and not rejected, while it waits', async () => {
    const old = { status: 'retry' as const, error: no('unavailable') };
    expect(await effects(old, () => 'complete')).toEqual({ effects: [], queued: [1, 2] });
  });
});

describe('a rejection is final once it is recorded', () => {
  /** A queue whose write was recorded, by an app that was killed before it left the queue. */
  async function recorded() {
    const queue = queueOf('bad', 'good');
    const first = onClock({
      transport: backend((texts) => (texts.includes('bad') ? no('invalid') : undefined)).transport,
    });
    const { getCrudBatch } = queue;
    queue.getCrudBatch = async (limit) => {
      const batch = await getCrudBatch.call(queue, limit);
      return batch && { ...batch, complete: () => Promise.reject(new Error('killed')) };
    };
    await first.upload(queue);
    queue.getCrudBatch = getCrudBatch;
    expect(await rows(queue)).toMatchObject([{ state: 'rejected' }]);
    return queue;
  }

  it('its key is completed after a restart, without being sent: it might be applied now', async () => {
    const queue = await recorded();
    expect(queue.opIds).toEqual([1, 2]);
    const { transport, requests, effects } = backend();
    const { connector, events } = onClock({ transport });
    expect(await connector.drain(queue)).toMatchObject({ drained: true, applied: 1, rejected: 1 });
    expect(requests).toEqual([['good']]);
    expect(effects).toEqual(['good']);
    expect(await rows(queue)).toMatchObject([{ state: 'rejected' }]);
    expect(events.filter(({ type }) => type === 'rejected')).toEqual([]); // the policy is not asked again
  });

  it('it leaves although nothing else is queued, and no token is asked for', async () => {
    const queue = await recorded();
    queue.removeOne(2);
    const credentials = vi.fn(async () => ({ token: 'token' }));
    const { transport, requests } = backend();
    const { connector } = onClock({ transport, credentials });
    expect(await connector.drain(queue)).toMatchObject({ drained: true, applied: 0, rejected: 1 });
    expect([requests, credentials.mock.calls]).toEqual([[], []]);
  });

  it('nothing is sent as long as it can not be known whether it is recorded', async () => {
    const queue = (await recorded()).reopened().write({ id: 'x', opData: { text: 'bad' } });
    queue.broken = /connector_rejected_writes WHERE key IN/;
    const { transport, requests } = backend();
    expect(await onClock({ transport }).upload(queue)).toEqual(['unknown']);
    expect(requests).toEqual([]);
  });
});

it('what was applied leaves, though the table of doubts can not be read for one behind it', async () => {
  const queue = queueOf('a', 'b');
  await record()(
    { key: 'another', entries: [], error: no('conflict'), needsDecision: false },
    { database: queue, now: START },
  );
  const rejected: Outcome = { status: 'rejected', error: no('forbidden') };
  const transport: Transport = async ({ transactions }) => {
    queue.broken = /connector_state/;
    return transactions.map((_, index) => (index === 0 ? APPLIED : rejected));
  };
  const { connector } = onClock({ transport });
  await expect(connector.uploadData(queue)).rejects.toMatchObject({
    code: 'unknown',
  });
  expect(queue.opIds).toEqual([2]);
});

describe('a rejection policy that is slower than its call', () => {
  /** A connector whose policy records once it is told to, on a queue that another one shares. */
  async function slow() {
    const state = { isTaken: true };
    const { transport, effects } = backend(() => (state.isTaken ? no('conflict') : undefined));
    const answer = deferred();
    const recorded = deferred<unknown>();
    const first = onClock({
      transport,
      retry: { timeoutMs: 200 },
      async rejections(rejected, context) {
        await answer.promise;
        const recording = Promise.resolve(record()(rejected, context));
        recorded.resolve(recording.catch((error) => error.code));
        return recording;
      },
    });
    const queue = queueOf('a');
    expect(await first.upload(queue)).toEqual(['timeout']);
    state.isTaken = false;
    return { first, queue, effects, answer, recorded: recorded.promise, other: onClock({ transport }) };
  }

  it('is waited for by another connector of the database, too: nothing is applied and listed as rejected', async () => {
    const { first, queue, effects, answer, recorded, other } = await slow();
    const uploading = other.connector.drain(queue);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(effects).toEqual([]);
    answer.resolve();
    expect(await recorded).toBe('complete');
    expect(await uploading).toMatchObject({ drained: true, applied: 0, rejected: 1 });
    expect(effects).toEqual([]);
    expect(await rows(queue)).toMatchObject([{ state: 'rejected' }]);
    expect(await first.connector.drain(queue)).toMatchObject({ drained: true, rejected: 0 });
  });

  it('records nothing any more once its connector is closed, and is not waited for', async () => {
    const { first, queue, effects, answer, recorded, other } = await slow();
    first.connector.close();
    expect(await other.connector.drain(queue)).toMatchObject({ drained: true, applied: 1 });
    answer.resolve();
    expect(await recorded).toBe('aborted');
    expect(effects).toEqual(['a']);
    expect(await rows(queue)).toEqual([]);
  });
});

describe('a held write', () => {
  it('is sent again, and is no rejected write any more once it is applied', async () => {
    const state = { isTaken: true };
    const { transport, effects } = backend(() => (state.isTaken ? no('conflict') : undefined));
    const { upload } = onClock({ transport, rejections: hold() });
    const queue = queueOf('a');
    await upload(queue, 2);
    expect(await rows(queue)).toMatchObject([{ state: 'held' }]);
    state.isTaken = false;
    await upload(queue);
    expect(effects).toEqual(['a']);
    expect(await rows(queue)).toEqual([]);
  });

  it('is so after a restart, too', async () => {
    const queue = queueOf('a');
    const before = onClock({ transport: backend(() => no('conflict')).transport, rejections: hold() });
    await before.upload(queue);
    await onClock({ transport: backend().transport, rejections: hold() }).upload(queue);
    expect(queue.opIds).toEqual([]);
    expect(await rows(queue)).toEqual([]);
  });
});

describe('a refusal after a lost answer', () => {
  /** A backend that inserts: it applies a write, its answer is lost, and then it knows the row already. */
  function inserting(again: () => UploadError, lost: UploadErrorCode = 'network') {
    let calls = 0;
    const transport: Transport = async ({ transactions }) => {
      if (calls++ === 0) throw no(lost);
      if (transactions.length === 1) throw again();
      return transactions.map(() => APPLIED);
    };
    return { transport, calls: () => calls };
  }

  it.each<[string, () => UploadError]>([
    ['conflict', () => no('conflict')],
    ['409', () => no('invalid', 409)],
    ['422', () => no('invalid', 422)],
  ])(
    'may be about the key: %s is kept for five tries over fifty seconds, then recorded as maybe applied',
    async (_, again) => {
      const { transport, calls } = inserting(again);
      const { upload, clock } = onClock({ transport });
      const queue = queueOf('a');
      expect(await upload(queue)).toEqual(['network']);
      const since = clock.now;
      await upload(queue, 100);
      expect(queue.opIds).toEqual([]);
      expect(clock.now - since).toBeGreaterThanOrEqual(50_000);
      expect(calls()).toBeGreaterThanOrEqual(6);
      expect(await rows(queue)).toMatchObject([{ state: 'rejected', may_be_applied: 1 }]);
    },
  );

  it('is known as one after restarts in between', async () => {
    const queue = queueOf('a');
    const { transport } = inserting(() => no('conflict'));
    await onClock({ transport }).upload(queue);
    await vi.waitFor(() => expect(queue.statements.join()).toContain('INSERT'));
    let now = START;
    let restarts = 0;
    while (queue.opIds.length > 0 && restarts++ < 20) {
      await onClock({ transport }, now).upload(queue);
      now += 30_000;
    }
    expect(restarts).toBe(5);
    expect(await rows(queue)).toMatchObject([{ may_be_applied: 1 }]);
  });

  it('of another kind is believed as ever, and recorded as maybe applied as well', async () => {
    const { transport } = inserting(() => no('invalid', 400));
    const { upload } = onClock({ transport });
    const queue = queueOf('a');
    expect(await upload(queue, 9)).toEqual(['network']);
    expect(await rows(queue)).toMatchObject([{ state: 'rejected', may_be_applied: 1 }]);
  });

  it('after an answer that was only slow is believed at once', async () => {
    const { transport, requests } = backend((texts) =>
      requests.length > 1 && texts.includes('b') ? no('conflict') : undefined,
    );
    const slow: Transport = async (batch, context) => {
      await new Promise((resolve) => setTimeout(resolve, 520));
      return transport(batch, context);
    };
    const { upload } = onClock({ transport: slow, batching: { maxTransactions: 1 } });
    const queue = queueOf('a', 'b');
    expect(await upload(queue)).toEqual([]);
    expect(await rows(queue)).toMatchObject([{ may_be_applied: 0 }]);
  });

  it('of a request that was under way for long when the app was killed may be about a replay, too', async () => {
    const queue = queueOf('a');
    const { connector } = onClock({ transport: () => new Promise(() => {}) });
    void connector.uploadData(queue).catch(() => {});
    await vi.waitFor(() => expect(queue.statements.join()).toContain('INSERT'), { timeout: 5_000 });
    // Another client id, as the killed app's lane would have been gone.
    const reopened = Object.assign(queue.reopened(), { clientId: 'after the kill' });
    reopened.write({ id: 'x', opData: { text: 'a' } });
    const { upload } = onClock({ transport: backend(() => no('invalid', 400)).transport });
    await upload(reopened);
    expect(await rows(reopened)).toMatchObject([{ may_be_applied: 1 }]);
    connector.close();
  });

  it('is believed at once where the answer before it came', async () => {
    const { transport } = inserting(() => no('conflict'), 'throttled');
    const { upload } = onClock({ transport });
    const queue = queueOf('a');
    expect(await upload(queue, 9)).toEqual(['throttled']);
    expect(await rows(queue)).toMatchObject([{ may_be_applied: 0 }]);
  });
});

describe('the token', () => {
  const tokens = () => {
    let count = 0;
    return vi.fn(async () => ({ token: `t${++count}` }));
  };

  it('is refreshed once for one that is forbidden among others, and those before it are not sent again', async () => {
    const requests: unknown[] = [];
    const transport: Transport = async ({ transactions }, { token }) => {
      const current = await token();
      requests.push([transactions.length, current]);
      return transactions.map(
        (_, index): Outcome =>
          current === 't1' && index >= 1
            ? index === 1
              ? { status: 'rejected', error: no('forbidden') }
              : { status: 'not_attempted' }
            : APPLIED,
      );
    };
    const credentials = tokens();
    const { upload } = onClock({ transport, credentials });
    const queue = queueOf('a', 'b', 'c');
    expect(await upload(queue)).toEqual([]);
    expect(requests).toEqual([
      [3, 't1'],
      [2, 't2'],
    ]);
    expect(credentials).toHaveBeenCalledTimes(2);
    expect(await rows(queue)).toEqual([]);
  });

  it('that can not be had costs no write, however often it is tried', async () => {
    let isSignedIn = true;
    const transport: Transport = async ({ transactions }, { token }) => {
      await token();
      isSignedIn = false;
      return transactions.map(() => ({ status: 'rejected', error: no('forbidden') }));
    };
    const credentials = async () => {
      if (!isSignedIn) throw new TypeError('fetch failed');
      return { token: unsignedJwt({ exp: START / 1000 + 3_600 }) };
    };
    const { upload } = onClock({ transport, credentials });
    const queue = queueOf('a', 'b');
    expect(new Set(await upload(queue, 10))).toEqual(new Set(['network']));
    expect(queue.opIds).toEqual([1, 2]);
    expect(await rows(queue)).toEqual([]);
  });

  describe('that can not be had,', () => {
    const conflict: Outcome = { status: 'rejected', error: no('conflict') };
    const asking =
      (answer: Transport): Transport =>
      async (batch, context) => {
        await context.token();
        return answer(batch, context);
      };
    /** Credentials that fail at these calls, counted from 1. */
    const failingAt = (...calls: number[]) => {
      let call = 0;
      return async () => {
        if (calls.includes(++call)) throw new TypeError('fetch failed');
        return { token: `t${call}` };
      };
    };

    it('is no lost answer where it is asked for first: nothing was sent', async () => {
      const { upload } = onClock({
        transport: asking(async ({ transactions }) => transactions.map(() => conflict)),
        credentials: failingAt(1),
      });
      const queue = queueOf('a');
      expect(await upload(queue, 9)).toEqual(['network']);
      expect(await rows(queue)).toMatchObject([{ code: 'conflict', may_be_applied: 0 }]);
    });

    it('is one where something may have been sent before: that comes again after a restart', async () => {
      const queue = new FakeQueue(`client ${++clients}`).write({ id: 'a' }, { id: 'b' });
      const transport = perEntry(async (_, { token }) => {
        await token();
        first.connector.invalidateCredentials(); // as the Service does, between the two
      });
      const tokens = failingAt(2);
      const first = onClock({ transport, credentials: tokens });
      await first.connector.fetchCredentials(); // so that it is the one to be invalidated
      expect(await first.upload(queue)).toEqual(['network']);
      await vi.waitFor(() => expect(queue.statements.join()).toContain('INSERT'));

      const inserting: Transport = async () => {
        throw no('conflict', 409);
      };
      expect(await onClock({ transport: inserting }).upload(queue)).toEqual(['conflict']);
      expect(queue.opIds).toEqual([1, 2]);
    });

    it('is judged by nobody: it says nothing of the write', async () => {
      const inBand = asking(async ({ transactions }) =>
        transactions.map(() => ({ status: 'rejected', error: no('forbidden') })),
      );
      const thrown = asking(async () => {
        throw no('forbidden');
      });
      for (const transport of [inBand, thrown]) {
        for (const calls of [[1], [2]]) {
          const classify = vi.fn(() => 'reject' as const);
          const { upload } = onClock({ transport, classify, credentials: failingAt(...calls) });
          const queue = queueOf('a');
          expect(await upload(queue)).toEqual(['network']);
          expect(classify).not.toHaveBeenCalled();
        }
      }
    });
  });

  it('is asked for in each transport of perEntry() and route() alike', async () => {
    const sent: string[] = [];
    const each = perEntry(async ({ opData }, { token }) => {
      const current = await token();
      sent.push(`${opData?.text} ${current}`);
      if (current === 't1' && opData?.text === 'b') throw no('forbidden');
    });
    const { upload } = onClock({ transport: route({ default: each }), credentials: tokens() });
    const queue = queueOf('a', 'b');
    expect(await upload(queue)).toEqual([]);
    expect(sent).toEqual(['a t1', 'b t1', 'b t2']);
  });
});

describe.each(['without Web Locks', 'with Web Locks'])(
  '%s, the next upload waits for a function that ignores its signal',
  (locks) => {
    beforeEach(() => {
      if (locks === 'without Web Locks') vi.stubGlobal('navigator', {});
      else expect(navigator.locks).toBeDefined();
    });
    afterEach(() => void vi.unstubAllGlobals());

    type Send = (text: string) => Promise<void>;
    const kinds: [string, (send: Send) => Transport][] = [
      ['perEntry()', (send) => perEntry(async ({ opData }) => send(opData?.text))],
      ['route()', (send) => route({ default: perEntry(async ({ opData }) => send(opData?.text)) })],
      [
        'a transport of the app',
        (send) =>
          async ({ transactions }) => {
            for (const { entries } of transactions) await send(entries[0]?.opData?.text);
            return transactions.map(() => APPLIED);
          },
      ],
    ];

    it.each(kinds)('of %s, and that starts nothing more', async (kind, transportOf) => {
      const slow = deferred();
      const log: string[] = [];
      const send: Send = async (text) => {
        log.push(`start ${text}`);
        if (log.length === 1) await slow.promise;
        log.push(`end ${text}`);
      };
      const options = { transport: transportOf(send), retry: { timeoutMs: 150 } };
      const queue = queueOf('old', 'new');
      const first = onClock(options);
      expect(await first.upload(queue)).toEqual(['timeout']);
      const second = onClock(options);
      await expect(second.connector.uploadData(queue)).rejects.toMatchObject({ code: 'timeout' });
      first.connector.close();
      expect(log).toEqual(['start old']);

      slow.resolve();
      await onClock({ transport: transportOf(send) }).upload(queue);
      const ofApp = kind === 'a transport of the app';
      // That of the app is its own to end: it is waited for.
      expect(log.slice(0, ofApp ? 4 : 2)).toEqual(
        ['start old', 'end old', 'start new', 'end new'].slice(0, ofApp ? 4 : 2),
      );
      const starts = log.filter((line) => line.startsWith('start'));
      expect(starts.slice(ofApp ? 2 : 1)).toEqual(['start old', 'start new']);
      expect(queue.opIds).toEqual([]);
    });
  },
);
