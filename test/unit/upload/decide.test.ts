import { describe, expect, it, vi } from 'vitest';
import type { CrudEntryLike } from '../../../src/database/database.ts';
import { readState } from '../../../src/database/tables.ts';
import { defaultVerdict, type UploadErrorCode } from '../../../src/error/codes.ts';
import { type RetryBudget, UploadError } from '../../../src/error/upload-error.ts';
import { createUnanswered } from '../../../src/queue/unanswered.ts';
import type { RejectedTransaction } from '../../../src/rejections/policy.ts';
import { record } from '../../../src/rejections/record.ts';
import type { UploadEvent } from '../../../src/status/events.ts';
import { createPublisher } from '../../../src/status/publisher.ts';
import { startDeadline } from '../../../src/time/deadline.ts';
import { createBreaker } from '../../../src/upload/breaker.ts';
import { createDecisions, type DecisionCall } from '../../../src/upload/decide.ts';
import type { Failed, Item } from '../../../src/upload/item.ts';
import { createRejecting } from '../../../src/upload/rejecting.ts';
import { anEntry, FakeQueue } from '../../support/fake-queue.ts';

const START = 1_000_000_000;

interface World {
  database?: FakeQueue;
  ambiguous?: RetryBudget | false;
  answer?: 'complete' | 'hold';
}

/** The parts that decide, on a clock to turn, with a policy that completes everything unless told. */
function world({ database = new FakeQueue(), ambiguous, answer = 'complete' }: World = {}) {
  const clock = { now: START };
  const events: UploadEvent[] = [];
  const publisher = createPublisher();
  publisher.subscribe((event) => events.push(event));
  const [breaker, unanswered] = [createBreaker(), createUnanswered()];
  const policy = vi.fn((_: RejectedTransaction) => answer);
  const now = () => clock.now;
  const rejecting = createRejecting({ rejections: policy, clock: now } as never, publisher);
  const options = { retry: { ambiguous } as never, clock: now };
  const decisions = createDecisions({ options, breaker, unanswered, rejecting, publisher });
  const deadline = startDeadline(60_000);
  deadline.end();
  const call: DecisionCall = { database, deadline, owner: 'ada' };
  return {
    ...{ database, clock, events, publisher, breaker, unanswered, policy, rejecting, call },
    decide: (item: Item, failed: Failed, overtakenBy: readonly Item[] = []) =>
      decisions.decide(call, item, failed, overtakenBy),
    notReached: decisions.notReached,
    trust: decisions.trust,
    applied: (...items: Item[]) => decisions.applied(call, items),
    /** Decides until the backend isn't asked at once any more; tells how often it was. */
    async tryAtOnce(item: Item, failed: Failed) {
      for (let again = 0; ; again++) {
        const ruling = await decisions.decide(call, item, failed, []);
        if (ruling !== 'again') return { again, ruling };
      }
    },
  };
}

function item(opId: number, row: Partial<CrudEntryLike> = {}, members: Partial<Item> = {}): Item {
  const raw = [anEntry({ clientId: opId, id: `row ${opId}`, ...row })];
  return { raw, transaction: { key: `key ${opId}`, entries: raw }, ...members };
}

function failed(
  code: UploadErrorCode,
  members: Partial<Failed> = {},
  status?: number,
  budget?: RetryBudget,
): Failed {
  const error = new UploadError(code, 'No.', { status, budget });
  return { status: 'failed', error, verdict: defaultVerdict(code), inBand: true, ...members };
}

const wholeRequest = failed('invalid', { inBand: false });

describe('what is to be retried or held', () => {
  it.each<[UploadErrorCode, boolean]>([
    ['network', false],
    ['schema_mismatch', true],
  ])('stays after %s, and nobody is asked: held %s', async (code, hold) => {
    const { decide, policy, database } = world();
    const failure = failed(code);
    expect(await decide(item(1), failure)).toEqual({ error: failure.error, hold });
    expect(policy).not.toHaveBeenCalled();
    expect(database.statements).toEqual([]);
  });
});

describe('a refusal', () => {
  it('of this write in band, for its data, is believed at once, five times in a row', async () => {
    const { decide, policy, breaker, database } = world();
    for (let opId = 1; opId <= 5; opId++) expect(await decide(item(opId), failed('invalid'))).toBeUndefined();
    expect(policy).toHaveBeenCalledTimes(5);
    expect(await breaker.isOpen(database)).toBe(true);
    expect(await decide(item(6), failed('invalid'))).toMatchObject({ hold: false });
  });

  it('that is believed at once is no try to count', async () => {
    const { decide, database } = world();
    await decide(item(1), failed('invalid'));
    expect(await readState(database, 'tries')).toBeUndefined();
  });

  it('behind which the backend applied something raises no doubt: it tells good from bad', async () => {
    const { decide, breaker, database } = world();
    for (let opId = 1; opId <= 20; opId++)
      expect(await decide(item(opId), failed('invalid'), [item(99)])).toBeUndefined();
    expect(await breaker.isOpen(database)).toBe(false);
  });

  it('that may mean something else is tried twice more at once for each one before it; from the third on, over time', async () => {
    const { tryAtOnce, policy } = world();
    const rulings = [];
    for (let opId = 1; opId <= 4; opId++) rulings.push(await tryAtOnce(item(opId), wholeRequest));
    expect(rulings).toMatchObject([
      { again: 0, ruling: undefined },
      { again: 2, ruling: undefined },
      { again: 4, ruling: undefined },
      { again: 0, ruling: { hold: false, withinMs: 120_000, error: { code: 'misconfigured' } } },
    ]);
    expect(policy).toHaveBeenCalledTimes(3);
  });

  it.each<[string, Failed]>([
    ['forbidden in band', failed('forbidden')],
    ['a code that is not about data', failed('unknown', { verdict: 'reject' })],
    ['the refusal of a whole request', wholeRequest],
  ])('opens the breaker with the third in a row, and says so once: %s', async (_, failure) => {
    const { tryAtOnce, events, publisher } = world();
    await tryAtOnce(item(1), failure);
    await tryAtOnce(item(2), failure);
    expect(publisher.status.breaker).toBe('closed');
    await tryAtOnce(item(3), failure);
    await tryAtOnce(item(4), failure);
    expect(events.filter(({ type }) => type === 'breaker')).toHaveLength(1);
    expect(publisher.status.breaker).toBe('open');
  });

  it('is not tried at once where the call is over', async () => {
    const { decide, tryAtOnce, call, policy } = world();
    await tryAtOnce(item(1), wholeRequest);
    call.deadline.abort(new UploadError('timeout', 'Too slow.'));
    expect(await decide(item(2), wholeRequest)).toMatchObject({ hold: false });
    expect(policy).toHaveBeenCalledTimes(1);
  });

  it('is not counted while the policy holds it: it is still the same one next time', async () => {
    const { tryAtOnce, breaker, database } = world({ answer: 'hold' });
    for (let time = 0; time < 5; time++) await tryAtOnce(item(1), wholeRequest);
    expect(await breaker.isOpen(database)).toBe(false);
  });
});

describe('while the breaker is open', () => {
  async function open(set?: World) {
    const all = world(set);
    for (let time = 0; time < 3; time++) await all.breaker.refused(all.database, false);
    return all;
  }

  it.each<[string, Failed]>([
    ['uncertain', wholeRequest],
    ['certain', failed('invalid')],
  ])('a refusal is believed after six tries over ten minutes, be it %s', async (_, failure) => {
    const { decide, clock, policy } = await open();
    for (let tried = 1; tried <= 5; tried++) {
      const withinMs = (600_000 - (clock.now - START)) / (6 - tried); // those that are left, spread over the time that is left
      expect(await decide(item(1), failure)).toMatchObject({ hold: false, withinMs });
      clock.now += 100_000;
    }
    clock.now = START + 599_999;
    expect(await decide(item(1), failure)).toMatchObject({ withinMs: 1 });
    clock.now += 1;
    expect(policy).not.toHaveBeenCalled();
    expect(await decide(item(1), failure)).toBeUndefined();
  });

  it('it is not believed by time alone, and nothing says then when', async () => {
    const { decide, clock } = await open();
    await decide(item(1), wholeRequest);
    for (const ms of [600_000, 3_000_000]) {
      clock.now += ms;
      const stop = await decide(item(1), wholeRequest);
      expect(stop).toMatchObject({ error: { code: 'misconfigured' } });
      expect(stop).toMatchObject({ withinMs: undefined });
    }
  });

  it('the tries are counted across restarts', async () => {
    const { database, decide } = await open();
    for (let tried = 1; tried <= 5; tried++) await decide(item(1), wholeRequest);
    const restarted = world({ database: database.reopened() });
    restarted.clock.now += 600_000;
    expect(await restarted.decide(item(1), wholeRequest)).toBeUndefined();
  });

  it('the error says why it stays, and keeps what the backend said', async () => {
    const { decide } = await open();
    const failure = failed('invalid', { inBand: false }, 400);
    const stop = await decide(item(1), failure);
    expect(stop).toMatchObject({ error: { status: 400, cause: failure.error } });
    expect((stop as { error: UploadError }).error.message).toMatch(/ten minutes.*resetBreaker.*stay queued/s);
  });

  it('is what another tab has opened, too', async () => {
    const { tryAtOnce, database } = world();
    await tryAtOnce(item(1), failed('invalid'));
    const tab = createBreaker();
    for (let time = 0; time < 3; time++) await tab.refused(database.reopened(), false);
    expect(await tryAtOnce(item(2), wholeRequest)).toMatchObject({ ruling: { withinMs: 120_000 } });
  });

  it('ten successes close it', async () => {
    const { applied, publisher, breaker, database } = await open();
    await breaker.contradicted(database);
    publisher.set({ breaker: 'open' });
    for (let time = 1; time <= 9; time++) await applied(item(time));
    expect(publisher.status.breaker).toBe('open');
    await applied(item(10));
    expect(publisher.status.breaker).toBe('closed');
  });

  it('an answer that tells of many writes is one success', async () => {
    const { applied, breaker, database } = await open();
    await breaker.contradicted(database);
    await applied(...Array.from({ length: 50 }, (_, index) => item(index + 1)));
    expect(await breaker.isOpen(database)).toBe(true);
  });
});

describe('a write that was refused and is applied then, unchanged', () => {
  it('shows that refusals of this backend can not be trusted: the breaker opens for ten successes', async () => {
    const { tryAtOnce, decide, applied, publisher, events, breaker, database } = world();
    await tryAtOnce(item(1), wholeRequest);
    expect(await decide(item(2), wholeRequest)).toBe('again');
    await applied(item(2), item(3));
    expect(publisher.status.breaker).toBe('open');
    expect(events.filter(({ type }) => type === 'breaker')).toHaveLength(1);
    for (let time = 0; time < 9; time++) await applied(item(4));
    expect(await breaker.isOpen(database)).toBe(true);
    await applied(item(4));
    expect(await breaker.isOpen(database)).toBe(false);
  });

  it('does so until the app ends where that can not be written down', async () => {
    const { tryAtOnce, decide, applied, publisher, database } = world();
    await tryAtOnce(item(1), wholeRequest);
    expect(await decide(item(2), wholeRequest)).toBe('again');
    database.broken = /INSERT/;
    await expect(applied(item(2))).resolves.toBeUndefined();
    expect(publisher.status.breaker).toBe('open');
  });

  it('is none where another one was applied, or where the refusal was believed in the end', async () => {
    const { tryAtOnce, decide, applied, publisher } = world();
    await tryAtOnce(item(1), wholeRequest);
    expect(await decide(item(2), wholeRequest)).toBe('again');
    await applied(item(3));
    expect(publisher.status.breaker).toBe('closed');
    expect(await tryAtOnce(item(2), wholeRequest)).toMatchObject({ ruling: undefined });
    await applied(item(2));
    expect(publisher.status.breaker).toBe('closed');
  });

  it('is one also where another was believed meanwhile', async () => {
    const { tryAtOnce, decide, applied, publisher } = world();
    await tryAtOnce(item(1), wholeRequest);
    expect(await decide(item(2), wholeRequest)).toBe('again');
    expect(await decide(item(3), failed('invalid'), [item(4)])).toBeUndefined();
    await applied(item(2));
    expect(publisher.status.breaker).toBe('open');
  });

  it('is none once the app has said that the refusals were right', async () => {
    const { tryAtOnce, decide, applied, trust, publisher } = world();
    await tryAtOnce(item(1), wholeRequest);
    expect(await decide(item(2), wholeRequest)).toBe('again');
    trust();
    await applied(item(2));
    expect(publisher.status.breaker).toBe('closed');
  });

  it('is none where the answer was ambiguous, or may have been about a replay: those say no', async () => {
    const { decide, applied, publisher, unanswered, database } = world();
    const ambiguous = failed('unclassified', {}, 500, { attempts: 5, minMs: 1_000 });
    await decide(item(1), ambiguous);
    await applied(item(1));
    unanswered.add(database, [item(2)]);
    await decide(item(2), failed('conflict'));
    await applied(item(2));
    expect(publisher.status.breaker).toBe('closed');
  });
});

describe('an ambiguous answer', () => {
  const budget = { attempts: 3, minMs: 60_000 };

  it.each([true, false])('stays until its budget is spent (in band: %s)', async (inBand) => {
    const { decide, clock, policy } = world();
    const ambiguous = failed('unclassified', { inBand }, 500, budget);
    expect(await decide(item(1), ambiguous)).toEqual({
      error: ambiguous.error,
      hold: false,
      withinMs: 30_000,
    });
    clock.now += 20_000;
    expect(await decide(item(1), ambiguous)).toMatchObject({ error: ambiguous.error, withinMs: 40_000 });
    clock.now += 40_000;
    expect(policy).not.toHaveBeenCalled();
    expect(await decide(item(1), ambiguous)).toBeUndefined();
    expect(policy).toHaveBeenCalledOnce();
  });

  it.each([
    ['of time alone', { attempts: 1, minMs: 60_000 }, 60_000],
    ['of tries alone, which are none to make at once', { attempts: 3, minMs: 0 }, undefined],
  ])('stays, too, with a budget %s', async (_, own, withinMs) => {
    const { decide, policy } = world();
    const ambiguous = failed('unclassified', {}, 500, own);
    expect(await decide(item(1), ambiguous)).toEqual({ error: ambiguous.error, hold: false, withinMs });
    expect(policy).not.toHaveBeenCalled();
  });

  it('counts as a refusal that is not certain', async () => {
    const { decide, breaker, database } = world();
    const ambiguous = failed('unclassified', {}, 500, { attempts: 1, minMs: 0 });
    await decide(item(1), ambiguous);
    expect(await breaker.budget(database, false)).toEqual({ attempts: 3, minMs: 0 });
  });

  it('without a budget is never believed, and writes nothing down', async () => {
    const { decide, clock, database } = world();
    for (let time = 0; time < 50; time++) {
      expect(await decide(item(1), failed('unclassified'))).toMatchObject({ hold: false });
      clock.now += 10 ** 9;
    }
    expect(database.statements.filter((sql) => !sql.startsWith('SELECT'))).toEqual([]);
  });

  it('goes by the budget of the app, and by none where the app says so', async () => {
    const ambiguous = failed('unclassified', {}, 500, budget);
    const own = world({ ambiguous: { attempts: 1, minMs: 0 } });
    expect(await own.decide(item(1), ambiguous)).toBeUndefined();
    const never = world({ ambiguous: false });
    for (let time = 0; time < 9; time++) {
      never.clock.now += 10 ** 9;
      expect(await never.decide(item(1), ambiguous)).toMatchObject({ error: ambiguous.error });
    }
  });

  it('stays as long as the breaker asks for, too', async () => {
    const { decide, clock, breaker, database } = world({ ambiguous: { attempts: 1, minMs: 0 } });
    for (let time = 0; time < 3; time++) await breaker.refused(database, false);
    const ambiguous = failed('unclassified');
    expect(await decide(item(1), ambiguous)).toMatchObject({ error: ambiguous.error, withinMs: 120_000 });
    for (let tried = 2; tried <= 5; tried++) await decide(item(1), ambiguous);
    clock.now += 600_000;
    expect(await decide(item(1), ambiguous)).toBeUndefined();
  });
});

describe('a refusal that may be about the replay', () => {
  const replies: [string, Failed][] = [
    ['a conflict in band', failed('conflict')],
    ['a conflict by its status', failed('conflict', { inBand: false }, 409)],
    ['409 with another code', failed('invalid', { inBand: false }, 409)],
    ['422', failed('invalid', { inBand: false }, 422)],
    ['a 2xx that gives no reason', failed('invalid', { inBand: false }, 201)],
  ];

  it.each(replies)(
    'is believed after five tries over fifty seconds, after a lost answer: %s',
    async (_, failure) => {
      const { decide, clock, unanswered, database, policy } = world();
      unanswered.add(database, [item(1)]);
      expect(await decide(item(1), failure)).toEqual({
        error: failure.error,
        hold: false,
        withinMs: 12_500,
      });
      for (let tried = 2; tried <= 4; tried++) await decide(item(1), failure);
      clock.now += 49_999;
      expect(await decide(item(1), failure)).toMatchObject({ withinMs: 1 });
      expect(policy).not.toHaveBeenCalled();
      clock.now += 1;
      expect(await decide(item(1), failure)).toBeUndefined();
      expect(policy.mock.calls[0]?.[0]).toMatchObject({ mayBeApplied: true });
    },
  );

  it('is not believed before five tries, however long they take', async () => {
    const { decide, clock, unanswered, database, policy } = world();
    unanswered.add(database, [item(1)]);
    for (let tried = 1; tried <= 4; tried++) {
      clock.now += 50_000;
      expect(await decide(item(1), failed('conflict'))).toMatchObject({ hold: false });
    }
    expect(policy).not.toHaveBeenCalled();
    expect(await decide(item(1), failed('conflict'))).toBeUndefined();
  });

  it('is known as one after a restart', async () => {
    const before = world();
    before.unanswered.add(before.database, [item(1)]);
    await vi.waitFor(() => expect(before.database.statements.join()).toContain('INSERT'));
    const { decide } = world({ database: before.database.reopened() });
    expect(await decide(item(1), failed('conflict'))).toMatchObject({ withinMs: 12_500 });
  });

  it.each(replies)('is believed at once where every answer came: %s', async (_, failure) => {
    const { decide, policy } = world();
    expect(await decide(item(1), failure)).toBeUndefined();
    expect(policy.mock.calls[0]?.[0]).toMatchObject({ mayBeApplied: false });
  });

  it.each<[string, Failed]>([
    ['a bad request', failed('invalid', { inBand: false }, 400)],
    ['forbidden', failed('forbidden', { inBand: false }, 403)],
    ['too large', failed('too_large', { inBand: false }, 413)],
    ['not found', failed('not_found')],
  ])(
    'is none of another kind, which is believed as ever; but that one may be applied, too: %s',
    async (_, failure) => {
      const { decide, unanswered, database, policy } = world();
      unanswered.add(database, [item(1)]);
      expect(await decide(item(1), failure)).toBeUndefined();
      expect(policy.mock.calls[0]?.[0]).toMatchObject({ mayBeApplied: true });
    },
  );

  it('is none of what stands behind the lost ones', async () => {
    const { decide, unanswered, database } = world();
    unanswered.add(database, [item(1)]);
    expect(await decide(item(2), failed('conflict'))).toBeUndefined();
  });

  it('is not certain, so it raises doubt as the refusal of a request does', async () => {
    const { decide, clock, unanswered, database, breaker } = world();
    unanswered.add(database, [item(1)]);
    for (let tried = 1; tried <= 4; tried++) await decide(item(1), failed('conflict'));
    clock.now += 50_000;
    expect(await decide(item(1), failed('conflict'))).toBeUndefined();
    for (let time = 0; time < 2; time++) await breaker.refused(database, false);
    expect(await breaker.isOpen(database)).toBe(true);
  });
});

describe('where the backend went on behind it', () => {
  it('a refused one goes to the policy at once, however doubtful, and is said to be unable to wait', async () => {
    const { decide, policy, breaker, database } = world();
    for (let time = 0; time < 3; time++) await breaker.refused(database, false);
    expect(await decide(item(1), failed('forbidden'), [item(2)])).toBeUndefined();
    expect(policy.mock.calls[0]?.[0]).toMatchObject({ key: 'key 1', cannotWait: true, owner: 'ada' });
  });

  it('another one can wait', async () => {
    const { decide, policy } = world();
    await decide(item(1), failed('invalid'));
    expect(policy.mock.calls[0]?.[0]).toMatchObject({ cannotWait: false });
  });

  it('a policy can not hold it: it is recorded as needing a decision, and leaves', async () => {
    const { decide, database, events } = world({ answer: 'hold' });
    expect(await decide(item(1), failed('conflict'), [item(2)])).toBeUndefined();
    expect(await database.getAll('SELECT key, state, needs_decision FROM connector_rejected_writes')).toEqual(
      [{ key: 'key 1', state: 'rejected', needs_decision: 1 }],
    );
    expect(events).toContainEqual(expect.objectContaining({ type: 'rejected', decision: 'complete' }));
  });

  const notRefused: [string, Failed][] = [
    ['retried', failed('unavailable')],
    ['held', failed('schema_mismatch')],
    ['ambiguous', failed('unclassified', {}, 500, { attempts: 9, minMs: 10 ** 6 })],
  ];

  it.each(notRefused)(
    'one that is %s leaves too if a newer write of its row is applied',
    async (_, failure) => {
      const { decide, policy } = world();
      const newer = item(3, { id: 'row 1' });
      expect(await decide(item(1), failure, [item(2), newer])).toBeUndefined();
      expect(policy.mock.calls[0]?.[0]).toMatchObject({ cannotWait: true, error: failure.error });
    },
  );

  it.each(notRefused)(
    'one that is %s leaves in the next call where there was no time for the policy',
    async (_, failure) => {
      const { decide, call, rejecting, database } = world({ answer: 'hold' });
      const late = startDeadline(60_000);
      late.end();
      late.abort(new UploadError('timeout', 'Too slow.'));
      Object.assign(call, { deadline: late });
      expect(await decide(item(1), failure, [item(2, { id: 'row 1' })])).toMatchObject({ hold: false });
      expect(rejecting.asked('key 1')).toBe(failure);
      const deadline = startDeadline(60_000);
      deadline.end();
      Object.assign(call, { deadline });
      expect(await decide(item(1), failure)).toBeUndefined();
      expect(await database.getAll('SELECT key, state FROM connector_rejected_writes')).toEqual([
        { key: 'key 1', state: 'rejected' },
      ]);
    },
  );

  it.each(notRefused)('one that is %s stays if only other rows were written', async (_, failure) => {
    const { decide, policy } = world();
    const others = [item(2), item(3, { id: 'row 1', table: 'another' })];
    expect(await decide(item(1), failure, others)).toMatchObject({ error: failure.error });
    expect(policy).not.toHaveBeenCalled();
  });

  it.each<[string, Failed, boolean, boolean]>([
    ['refused', failed('conflict'), true, true],
    ['retried', failed('unavailable'), true, false],
  ])('one that was not reached is not sent again: %s', async (_, failure, alongNewer, alongOthers) => {
    const { notReached, rejecting, decide, policy } = world();
    notReached(item(1), failure, [item(2, { id: 'row 1' })]);
    notReached(item(3), failure, [item(4)]);
    notReached(item(5), failure, []);
    expect(rejecting.asked('key 1')).toBe(alongNewer ? failure : undefined);
    expect(rejecting.asked('key 3')).toBe(alongOthers ? failure : undefined);
    expect(rejecting.asked('key 5')).toBeUndefined();
    expect(await decide(item(1), failure)).toBeUndefined();
    expect(policy.mock.calls.map(([{ key, cannotWait }]) => [key, cannotWait])).toEqual([['key 1', true]]);
  });

  it('is looked at by each of its rows', async () => {
    const { decide } = world();
    const [a, b] = [anEntry({ clientId: 1, id: 'a' }), anEntry({ clientId: 2, id: 'b' })];
    const two: Item = { raw: [a, b], transaction: { key: 'two', entries: [a, b] } };
    expect(await decide(two, failed('unavailable'), [item(3, { id: 'b' })])).toBeUndefined();
    expect(await decide(item(1, { id: 'b' }), failed('unavailable'), [two])).toBeUndefined();
  });
});

describe('a transaction that the policy was asked about already', () => {
  it('goes to it without another doubt, and is not counted again', async () => {
    const { decide, rejecting, breaker, database, policy } = world();
    for (let time = 0; time < 3; time++) await breaker.refused(database, false);
    rejecting.asked = () => wholeRequest;
    expect(await decide(item(1), wholeRequest)).toBeUndefined();
    expect(policy).toHaveBeenCalledOnce();
  });
});

describe('what was listed as held and is applied', () => {
  const states = (database: FakeQueue) => database.getAll('SELECT key, state FROM connector_rejected_writes');

  async function listed() {
    const all = world();
    const { database } = all;
    for (const [opId, needsDecision] of [
      [1, true],
      [2, true],
      [3, false],
    ] as const) {
      const { raw, transaction } = item(opId);
      const about = { key: transaction.key, entries: raw, error: new UploadError('conflict', 'No.') };
      await record()({ ...about, needsDecision }, { database, now: START });
    }
    return all;
  }

  it('is no rejected write any more', async () => {
    const { applied, database } = await listed();
    await applied(item(1, {}, { isListed: true }), item(3, {}, { isListed: true }));
    expect(await states(database)).toEqual([
      { key: 'key 2', state: 'held' },
      { key: 'key 3', state: 'rejected' },
    ]);
  });

  it('costs no statement where nothing was listed', async () => {
    const { applied, database } = world();
    await applied(item(1));
    const before = database.statements.length;
    await applied(item(2));
    expect(database.statements.length).toBe(before);
  });

  it('does not fail the upload where the row can not be removed', async () => {
    const { applied, database } = await listed();
    database.broken = /DELETE/;
    await expect(applied(item(1, {}, { isListed: true }))).resolves.toBeUndefined();
  });
});
