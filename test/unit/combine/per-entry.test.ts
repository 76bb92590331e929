import { type Outcome, UploadError } from 'powersync-backend-connector';
import { perEntry, type SendEntry } from 'powersync-backend-connector/combine';
import { describe, expect, it } from 'vitest';
import { context, failureOf, put, transaction } from '../../http/support.ts';
import { deferred } from '../../support/connector.ts';

/** Entries with the op ids 1, 2, 3 …, split into transactions of the given sizes. */
function batchOf(...sizes: number[]) {
  let opId = 0;
  return {
    transactions: sizes.map((size, index) =>
      transaction(
        `t${index}`,
        ...Array.from({ length: size }, () => ({ ...put(`r${++opId}`), clientId: opId })),
      ),
    ),
  };
}

/** Sends by the given answers, by row id; all else is applied. */
function sending(answers: Record<string, () => unknown> = {}) {
  const sent: string[] = [];
  const send: SendEntry = async (entry) => {
    sent.push(entry.id);
    return (await answers[entry.id]?.()) as undefined;
  };
  return { sent, send };
}

const fails = (code: UploadError['code']) => () => {
  throw new UploadError(code, 'said no');
};

describe('perEntry()', () => {
  it('sends every entry in order, and reports each transaction applied', async () => {
    const { sent, send } = sending();
    const outcomes = await perEntry(send)(batchOf(2, 1, 3), context());
    expect(sent).toEqual(['r1', 'r2', 'r3', 'r4', 'r5', 'r6']);
    expect(outcomes).toEqual([{ status: 'applied' }, { status: 'applied' }, { status: 'applied' }]);
  });

  it('gives each entry a key of its own, and the rest of the context', async () => {
    const seen: unknown[] = [];
    const send: SendEntry = async (_, { key, clientId, attempt, signal, token }) => {
      seen.push([key, clientId, attempt, signal.aborted, await token()]);
    };
    await perEntry(send)(batchOf(2), context({ attempt: 3 }));
    expect(seen).toEqual([
      ['key-of-t0:1', 'client', 3, false, 'jwt'],
      ['key-of-t0:2', 'client', 3, false, 'jwt'],
    ]);
  });

  it('stops at the first refusal, and tells what was applied before it', async () => {
    const { sent, send } = sending({ r3: fails('conflict') });
    const outcomes = await perEntry(send)(batchOf(1, 3, 1), context());
    expect(sent).toEqual(['r1', 'r2', 'r3']);
    expect(outcomes).toMatchObject([
      { status: 'applied' },
      { status: 'rejected', error: { code: 'conflict' }, entryIndex: 1, appliedEntries: [0], inBand: false },
      { status: 'not_attempted' },
    ]);
  });

  it('does not send again what was applied before a failure', async () => {
    let isDown = true;
    const { sent, send } = sending({
      r3: () => {
        if (isDown) throw new UploadError('unavailable', 'down');
      },
    });
    const transport = perEntry(send);
    const batch = batchOf(2, 2);
    expect(await transport(batch, context())).toMatchObject([
      { status: 'applied' },
      { status: 'retry', error: { code: 'unavailable' }, inBand: false },
    ]);
    isDown = false;
    expect(await transport(batch, context())).toEqual([{ status: 'applied' }, { status: 'applied' }]);
    expect(sent).toEqual(['r1', 'r2', 'r3', 'r3', 'r4']);
  });

  it('remembers by key: another transaction with the same op ids is sent in full', async () => {
    const { sent, send } = sending({ r2: fails('unavailable') });
    const transport = perEntry(send);
    const [first] = batchOf(2).transactions;
    await transport({ transactions: [first as never] }, context());
    await transport({ transactions: [{ ...first, key: 'another' } as never] }, context());
    expect(sent).toEqual(['r1', 'r2', 'r1', 'r2']);
  });

  it('a batch larger than what is remembered is reported right', async () => {
    const { send } = sending();
    const outcomes = await perEntry(send)(batchOf(...Array<number>(500).fill(1)), context());
    expect(outcomes.every(({ status }) => status === 'applied')).toBe(true);
  });

  it.each(['unauthenticated', 'aborted', 'owner_mismatch'] as const)(
    'throws %s, which ends the whole call',
    async (code) => {
      const { send } = sending({ r2: fails(code) });
      expect(await failureOf(perEntry(send)(batchOf(1, 1), context()))).toMatchObject({ code });
    },
  );

  it('reports forbidden of its transaction, and goes on behind what was applied once that is sent again', async () => {
    let isForbidden = true;
    const { sent, send } = sending({
      r2: () => {
        if (isForbidden) throw new UploadError('forbidden', 'said no');
      },
    });
    const transport = perEntry(send);
    expect(await transport(batchOf(2, 1), context())).toMatchObject([
      { status: 'rejected', error: { code: 'forbidden' }, entryIndex: 1, appliedEntries: [0], inBand: false },
      { status: 'not_attempted' },
    ]);
    isForbidden = false;
    expect(await transport(batchOf(2, 1), context())).toEqual([{ status: 'applied' }, { status: 'applied' }]);
    expect(sent).toEqual(['r1', 'r2', 'r2', 'r3']);
  });

  describe('once the signal is aborted', () => {
    it('starts no further entry, though the function ignores the signal', async () => {
      const controller = new AbortController();
      const { sent, send } = sending({ r2: () => controller.abort() });
      const delivery = perEntry(send)(batchOf(2, 2), context({ signal: controller.signal }));
      expect(await failureOf(delivery)).toMatchObject({ code: 'aborted' });
      expect(sent).toEqual(['r1', 'r2']);
    });

    it('starts none at all', async () => {
      const { sent, send } = sending();
      const delivery = perEntry(send)(batchOf(1), context({ signal: AbortSignal.abort() }));
      expect(await failureOf(delivery)).toMatchObject({ code: 'aborted' });
      expect(sent).toEqual([]);
    });

    it('starts no further one of several at once, and ends when those under way have', async () => {
      const controller = new AbortController();
      const slow = deferred();
      const { sent, send } = sending({ r1: () => slow.promise, r2: () => controller.abort() });
      const delivery = failureOf(
        perEntry(send, { concurrency: 2 })(batchOf(1, 1, 1, 1), context({ signal: controller.signal })),
      );
      let isOver = false;
      void delivery.then(() => {
        isOver = true;
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(isOver).toBe(false);
      slow.resolve();
      expect(await delivery).toMatchObject({ code: 'aborted' });
      expect(sent).toEqual(['r1', 'r2']);
    });

    it('remembers what was applied before, and what ends late', async () => {
      const controller = new AbortController();
      let isFirst = true;
      const { sent, send } = sending({
        r2: () => {
          if (isFirst) controller.abort();
          isFirst = false;
        },
      });
      const transport = perEntry(send);
      await failureOf(transport(batchOf(3), context({ signal: controller.signal })));
      expect(await transport(batchOf(3), context())).toEqual([{ status: 'applied' }]);
      expect(sent).toEqual(['r1', 'r2', 'r3']);
    });
  });

  it('passes on an outcome that the app returned, with its details', async () => {
    const outcome: Outcome = {
      status: 'rejected',
      error: new UploadError('invalid', 'no'),
      details: { why: 'taken' },
    };
    const { send } = sending({ r1: () => outcome, r2: () => ({ status: 'applied' }) });
    const transport = perEntry(send);
    expect(await transport(batchOf(1), context())).toMatchObject([
      { status: 'rejected', details: { why: 'taken' }, entryIndex: 0, appliedEntries: [] },
    ]);
  });

  it.each([
    ['a response', { ok: true }],
    ['text', 'done'],
    ['an unknown status', { status: 'ok' }],
    ['null', null],
    ['true', true],
  ])('%s is not taken for applied', async (_, value) => {
    const { send } = sending({ r1: () => value });
    const [outcome] = await perEntry(send)(batchOf(1), context());
    expect(outcome).toMatchObject({ status: 'retry', error: { code: 'misconfigured' } });
  });

  it('anything else that is thrown is retried', async () => {
    const { send } = sending({
      r1: () => {
        throw new RangeError('a bug');
      },
    });
    expect(await perEntry(send)(batchOf(1), context())).toMatchObject([
      { status: 'retry', error: { code: 'unknown' } },
    ]);
  });

  describe('with concurrency', () => {
    it('sends rows in parallel, never two entries of one row at once, and those in order', async () => {
      const gates = new Map(['a', 'b', 'c'].map((id) => [id, deferred()]));
      const started: string[] = [];
      const running = new Map<string, number>();
      const send: SendEntry = async ({ id, clientId }) => {
        started.push(`${id}${clientId}`);
        running.set(id, (running.get(id) ?? 0) + 1);
        expect(running.get(id)).toBe(1);
        await gates.get(id)?.promise;
        running.set(id, 0);
      };
      const entries = ['a', 'b', 'a', 'c', 'a'].map((id, index) => ({ ...put(id), clientId: index + 1 }));
      const delivery = perEntry(send, { concurrency: 5 })(
        { transactions: entries.map((entry) => transaction(`t${entry.clientId}`, entry)) },
        context(),
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(started).toEqual(['a1', 'b2', 'c4']);
      for (const gate of gates.values()) gate.resolve();
      expect((await delivery).every(({ status }) => status === 'applied')).toBe(true);
      expect(started).toEqual(['a1', 'b2', 'c4', 'a3', 'a5']);
    });

    it('has no more under way than asked for', async () => {
      let running = 0;
      let most = 0;
      const send: SendEntry = async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running--;
      };
      await perEntry(send, { concurrency: 3 })(batchOf(10, 10), context());
      expect(most).toBe(3);
    });

    it('after a failure, what stands before it is still sent, and what was applied behind it is remembered', async () => {
      const slow = deferred();
      let refuses = true;
      const { sent, send } = sending({
        r1: () => slow.promise,
        r2: () => {
          slow.resolve();
          if (refuses) throw new UploadError('unavailable', 'down');
        },
      });
      const transport = perEntry(send, { concurrency: 3 });
      const batch = batchOf(1, 1, 1);
      const outcomes = await transport(batch, context());
      expect(outcomes).toMatchObject([
        { status: 'applied' },
        { status: 'retry' },
        { status: 'not_attempted' },
      ]);
      expect(sent).toEqual(['r1', 'r2', 'r3']);
      refuses = false;
      expect(await transport(batch, context())).toEqual([
        { status: 'applied' },
        { status: 'applied' },
        { status: 'applied' },
      ]);
      expect(sent).toEqual(['r1', 'r2', 'r3', 'r2']);
    });

    it('the first transaction is attempted, also where a later one fails at once', async () => {
      const entries = [1, 2].map((clientId) => ({ ...put('same'), clientId }));
      const send: SendEntry = async ({ id }) => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        if (id === 'other') throw new UploadError('invalid', 'no');
      };
      const other = { ...put('other'), clientId: 3 };
      const outcomes = await perEntry(send, { concurrency: 4 })(
        { transactions: [transaction('a', ...entries), transaction('b', other)] },
        context(),
      );
      expect(outcomes).toMatchObject([{ status: 'applied' }, { status: 'rejected' }]);
    });
  });

  it.each([
    [{ concurrency: 0 }, /perEntry: option "concurrency"/],
    [{ parallel: 3 }, /perEntry: there is no option "parallel"/],
  ])('%j is a TypeError', (options, message) => {
    expect(() => perEntry(async () => {}, options as never)).toThrow(message);
    expect(() => perEntry(undefined as never)).toThrow(/option "send" must be a function/);
  });
});

describe('what sending one entry returns', () => {
  it.each<[string, unknown, object]>([
    ['applied', { status: 'applied' }, { status: 'applied' }],
    [
      'not now',
      { status: 'retry', error: new UploadError('unavailable', 'Busy.') },
      { status: 'retry', error: { code: 'unavailable' } },
    ],
    ['refused', { status: 'rejected', error: new UploadError('conflict', 'Taken.') }, { status: 'rejected' }],
    [
      'something else: not believed',
      { status: 'done' },
      { status: 'retry', error: { code: 'misconfigured' } },
    ],
    ['no outcome: not believed', 200, { status: 'retry', error: { code: 'misconfigured' } }],
  ])('%s', async (_, returned, outcome) => {
    const { send } = sending({ r1: () => returned });
    expect(await perEntry(send)(batchOf(1), context())).toMatchObject([outcome]);
  });
});
