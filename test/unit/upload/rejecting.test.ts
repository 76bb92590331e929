import { describe, expect, it, vi } from 'vitest';
import { UploadError } from '../../../src/error/upload-error.ts';
import type { RejectionContext, RejectionPolicy } from '../../../src/rejections/policy.ts';
import type { UploadEvent } from '../../../src/status/events.ts';
import { createPublisher } from '../../../src/status/publisher.ts';
import { type Deadline, startDeadline } from '../../../src/time/deadline.ts';
import type { Failed, Item } from '../../../src/upload/item.ts';
import { createRejecting, type RejectedBy } from '../../../src/upload/rejecting.ts';
import { deferred } from '../../support/connector.ts';
import { anEntry, FakeQueue } from '../../support/fake-queue.ts';

const NOW = 1_000_000_000;
const A = anEntry({ clientId: 1, id: 'a', table: 'lists' });
const B = anEntry({ clientId: 2, id: 'b', table: 'todos' });
const C = anEntry({ clientId: 3, id: 'c', table: 'todos' });

const item = (key = 'key', members: Partial<Item> = {}): Item => ({
  raw: [A, B, C],
  transaction: { key, transactionId: 7, entries: [A, B, C] },
  ...members,
});

const error = new UploadError('conflict', 'Taken.');
const refused = (members: Partial<Failed> = {}): Failed => ({
  status: 'failed',
  error,
  verdict: 'reject',
  inBand: true,
  ...members,
});

function world(answer: RejectionPolicy = () => 'complete') {
  const policy = vi.fn(answer);
  const events: UploadEvent[] = [];
  const publisher = createPublisher();
  publisher.subscribe((event) => events.push(event));
  const rejecting = createRejecting({ rejections: policy, clock: () => NOW } as never, publisher);
  const database = new FakeQueue();
  const about = (members: Partial<RejectedBy> = {}): RejectedBy => ({
    database,
    deadline: open(),
    owner: 'ada',
    cannotWait: false,
    mayBeApplied: false,
    ...members,
  });
  const decide = (members: Partial<RejectedBy> = {}, failed = refused(), each = item()) =>
    rejecting.decide(each, failed, about(members));
  return { policy, events, rejecting, database, decide };
}

function open(): Deadline {
  const deadline = startDeadline(60_000);
  deadline.end();
  return deadline;
}

const timeout = new UploadError('timeout', 'Too slow.');

describe('a rejection policy', () => {
  it('is given all that is known of the transaction, and where to keep it', async () => {
    const { policy, decide, database } = world();
    const details = { why: 'no' };
    await decide({ mayBeApplied: true }, refused({ details, needsDecision: true }));
    const [rejected, context] = policy.mock.calls[0] as Parameters<RejectionPolicy>;
    expect(rejected).toEqual({
      key: 'key',
      transactionId: 7,
      entries: [A, B, C],
      error,
      entryIndex: undefined,
      appliedEntries: undefined,
      details,
      needsDecision: true,
      owner: 'ada',
      cannotWait: false,
      mayBeApplied: true,
    });
    expect(context).toMatchObject({ database, now: NOW, signal: { aborted: false } });
  });

  it('lets the transaction go, or holds it; either is told', async () => {
    const completing = world();
    expect(await completing.decide({}, refused({ entryIndex: 1 }))).toBeUndefined();
    expect(completing.events).toEqual([
      {
        type: 'rejected',
        key: 'key',
        code: 'conflict',
        tables: ['lists', 'todos'],
        entryIndex: 1,
        decision: 'complete',
      },
    ]);
    const holding = world(() => 'hold');
    expect(await holding.decide()).toEqual({ error, hold: true });
    expect(holding.events).toMatchObject([{ decision: 'hold' }]);
  });

  it.each([undefined, null, true, 'completed', {}])(
    'holds where it answers %j, and says so',
    async (answer) => {
      expect(await world(() => answer as never).decide()).toMatchObject({
        error: { code: 'misconfigured', message: expect.stringContaining('must return'), cause: error },
        hold: true,
      });
    },
  );

  it.each<[string, RejectionPolicy]>([
    [
      'throws',
      () => {
        throw new Error('bug');
      },
    ],
    ['rejects', () => Promise.reject(new Error('bug'))],
  ])('holds where it %s, and says so', async (_, policy) => {
    const { decide, events } = world(policy);
    expect(await decide()).toMatchObject({
      hold: true,
      error: {
        code: 'unknown',
        message: expect.stringContaining('policy failed'),
        cause: { name: 'Error', message: expect.not.stringContaining('bug') }, // It may quote the rejected row.
      },
    });
    expect(events).toMatchObject([{ decision: 'hold' }]);
  });

  it('is asked again where it held: it may decide otherwise now', async () => {
    const { decide, policy, rejecting } = world(() => 'hold');
    await decide();
    expect(rejecting.asked('key')).toBeUndefined();
    await decide();
    expect(policy).toHaveBeenCalledTimes(2);
  });

  it('counts the entries that the app has queued, where a transform sent others', async () => {
    const { policy, decide } = world();
    const sent = item('key', { transaction: { key: 'key', entries: [C, { ...B, opData: {} }] } });
    await decide({}, refused({ entryIndex: 0, appliedEntries: [1, 5] }), sent);
    expect(policy.mock.calls[0]?.[0]).toMatchObject({
      entries: [A, B, C],
      entryIndex: 2,
      appliedEntries: [1],
    });
    await decide({}, refused({ entryIndex: 9 }), sent);
    expect(policy.mock.calls[1]?.[0]).toMatchObject({ entryIndex: undefined });
  });
});

describe('a policy that takes longer than the call', () => {
  it('is asked once, and the next call awaits its answer', async () => {
    const answer = deferred<'complete'>();
    const { policy, decide, rejecting, events } = world(() => answer.promise);
    const deadline = open();
    const failed = refused();
    const first = decide({ deadline }, failed);
    deadline.abort(timeout);
    expect(await first).toEqual({ error: timeout, hold: false });
    expect(rejecting.asked('key')).toBe(failed);
    expect(events).toEqual([]);

    const second = decide({}, failed);
    answer.resolve('complete');
    expect(await second).toBeUndefined();
    expect(policy).toHaveBeenCalledTimes(1);
    expect(rejecting.asked('key')).toBeUndefined();
    expect(events).toMatchObject([{ type: 'rejected', decision: 'complete' }]);
  });

  it('may throw in the end', async () => {
    const answer = deferred<'complete'>();
    const { decide, rejecting } = world(() => answer.promise);
    const deadline = open();
    const first = decide({ deadline });
    deadline.abort(timeout);
    await first;
    answer.reject(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve)); // An unhandled rejection would fail the run.
    await rejecting.idle();
    expect(await decide()).toMatchObject({ hold: true, error: { cause: { name: 'Error' } } });
  });

  it('is not asked any more where the call is over already', async () => {
    const { policy, decide, rejecting } = world();
    const deadline = open();
    deadline.abort(timeout);
    expect(await decide({ deadline })).toEqual({ error: timeout, hold: false });
    expect(policy).not.toHaveBeenCalled();
    expect(rejecting.asked('key')).toBeUndefined();
  });

  it('can be waited for', async () => {
    const answer = deferred<'complete'>();
    const { decide, rejecting } = world(() => answer.promise);
    const deadline = open();
    void decide({ deadline });
    deadline.abort(timeout);
    let isIdle = false;
    const idle = rejecting.idle().then(() => {
      isIdle = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isIdle).toBe(false);
    answer.resolve('complete');
    await idle;
    await world().rejecting.idle(); // nothing to wait for
  });

  it('is not waited for any more once nobody wants to know', async () => {
    const { decide, rejecting } = world(() => new Promise(() => {}));
    const deadline = open();
    void decide({ deadline });
    deadline.abort(timeout);
    const idle = rejecting.idle();
    rejecting.abandon();
    await idle;
  });

  it('is told when nobody wants to know any more, and forgotten', async () => {
    let context: RejectionContext | undefined;
    const { policy, decide, rejecting } = world((_, given) => {
      context = given;
      return new Promise(() => {});
    });
    const deadline = open();
    void decide({ deadline });
    await vi.waitFor(() => expect(context).toBeDefined());
    deadline.abort(timeout);
    expect(context?.signal?.aborted).toBe(false);
    rejecting.abandon();
    expect(context?.signal?.aborted).toBe(true);
    expect(rejecting.asked('key')).toBeUndefined();
    void decide();
    await vi.waitFor(() => expect(policy).toHaveBeenCalledTimes(2));
    expect(context?.signal?.aborted).toBe(false);
  });
});

describe('a transaction that can not wait', () => {
  const rows = (database: FakeQueue) =>
    database.getAll(
      'SELECT key, state, needs_decision, may_be_applied, owner FROM connector_rejected_writes',
    );
  const recorded = { key: 'key', state: 'rejected', needs_decision: 1, may_be_applied: 0, owner: 'ada' };

  it.each<[string, RejectionPolicy]>([
    ['holds', () => 'hold'],
    ['throws', () => Promise.reject(new Error('bug'))],
  ])('is recorded as needing a decision, and leaves, where the policy %s', async (_, policy) => {
    const { decide, database, events } = world(policy);
    expect(await decide({ cannotWait: true })).toBeUndefined();
    expect(await rows(database)).toEqual([recorded]);
    expect(events).toMatchObject([{ decision: 'complete' }]);
  });

  it('is left to the policy where that lets it go', async () => {
    const { decide, database } = world();
    expect(await decide({ cannotWait: true })).toBeUndefined();
    expect(database.statements).toEqual([]);
  });

  it('stays where it can not be recorded: kept out of its turn rather than lost', async () => {
    const { decide, database, events, rejecting, policy } = world(() => 'hold');
    database.broken = /connector_/;
    const failed = refused();
    expect(await decide({ cannotWait: true }, failed)).toEqual({ error, hold: true });
    expect(events).toMatchObject([{ decision: 'hold' }]);
    // It isn't sent again either: the next call asks the policy, and still knows that it can't wait.
    expect(rejecting.asked('key')).toBe(failed);
    database.broken = undefined;
    expect(await decide()).toBeUndefined();
    expect(policy).toHaveBeenCalledTimes(2);
    expect(await rows(database)).toEqual([recorded]);
  });

  it('is recorded as one that may be applied, where it may', async () => {
    const { decide, database } = world(() => 'hold');
    await decide({ cannotWait: true, mayBeApplied: true });
    expect(await rows(database)).toEqual([{ ...recorded, may_be_applied: 1 }]);
  });

  it('still can not wait in the next call, where there was no time to ask: it is not sent again', async () => {
    const { decide, database, rejecting } = world(() => 'hold');
    const deadline = open();
    deadline.abort(timeout);
    const failed = refused();
    expect(await decide({ deadline, cannotWait: true }, failed)).toMatchObject({ hold: false });
    expect(rejecting.asked('key')).toBe(failed);
    await rejecting.idle();
    expect(await decide()).toBeUndefined();
    expect(await rows(database)).toEqual([recorded]);
    expect(rejecting.asked('key')).toBeUndefined();
  });

  it('may be left to a later call, unless the policy was asked already', async () => {
    const answer = deferred<'complete'>();
    const { rejecting, policy, decide } = world(() => answer.promise);
    const [first, second] = [refused(), refused()];
    rejecting.postpone('key', first);
    rejecting.postpone('key', second);
    expect(rejecting.asked('key')).toBe(first);
    expect(policy).not.toHaveBeenCalled();
    const deadline = open();
    const asking = decide({ deadline }, first);
    deadline.abort(timeout);
    await asking;
    rejecting.postpone('key', second);
    answer.resolve('complete');
    expect(await decide({}, first)).toBeUndefined();
    expect(policy.mock.calls.map(([{ cannotWait }]) => cannotWait)).toEqual([true]);
  });

  it('still can not wait in the call after the one that asked', async () => {
    const answer = deferred<'hold'>();
    const { decide, database } = world(() => answer.promise);
    const deadline = open();
    const first = decide({ deadline, cannotWait: true });
    deadline.abort(timeout);
    expect(await first).toMatchObject({ hold: false });
    answer.resolve('hold');
    expect(await decide()).toBeUndefined();
    expect(await rows(database)).toEqual([recorded]);
  });
});
