import { describe, expect, it } from 'vitest';
import type { UploadErrorCode } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import { createUnanswered } from '../../../src/queue/unanswered.ts';
import type { Outcome } from '../../../src/transport/outcome.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { applyAll, noAnswer, recordingTransport, testConnector } from '../../support/connector.ts';
import { anEntry, FakeQueue } from '../../support/fake-queue.ts';

const APPLIED: Outcome = { status: 'applied' };

function queueOf(size: number): FakeQueue {
  const queue = new FakeQueue();
  for (let i = 0; i < size; i++) queue.write({ id: `${i}` });
  return queue;
}

/** A backend that fails on a batch of more than so many transactions. */
function takingAtMost(most: number, code: UploadErrorCode = 'too_large') {
  const answer: Transport = async (batch, context) => {
    if (batch.transactions.length > most) throw new UploadError(code, 'Too much.');
    return applyAll(batch, context);
  };
  const { transport, batches } = recordingTransport(answer);
  return { transport, sizes: () => batches.map(({ transactions }) => transactions.length) };
}

describe('the size of a batch', () => {
  it('that was too large is remembered, though its halves went through in the same call', async () => {
    const { transport, sizes } = takingAtMost(8);
    const { connector } = testConnector({ transport, batching: { maxTransactions: 16 } });
    const queue = queueOf(40);
    await connector.uploadData(queue);
    expect(sizes()).toEqual([16, 8, 8]);
    await connector.uploadData(queue);
    expect(sizes().slice(3)).toEqual([8]);
  });

  it('is not learnt from transactions that were never sent', async () => {
    const { transport, sizes } = takingAtMost(1, 'timeout');
    let now = 1_000_000_000;
    const { connector } = testConnector({
      transport,
      batching: { maxTransactions: 4 },
      transform: (entries) => entries.filter(({ id }) => id !== '2'),
      clock: () => now,
    });
    const queue = queueOf(8);
    for (let call = 0; call < 5; call++) {
      await connector.uploadData(queue).catch(() => {});
      now += 3_600_000;
    }
    // The third call settled two, but one of them was skipped: had it counted, the fourth would have sent three.
    expect(sizes()).toEqual([3, 1, 1, 2, 1]);
  });
});

describe('what a strategy is offered next', () => {
  /** The sizes that a strategy was offered, where the first batch of 20 got this answer behind what was applied. */
  async function offersAfter(behind: Outcome): Promise<number[]> {
    const offers: number[] = [];
    let calls = 0;
    const { connector } = testConnector({
      transport: async ({ transactions }) =>
        transactions.map((_, index) => (calls === 0 && index > 0 ? behind : APPLIED)),
      batching: (offered) => {
        offers.push(offered.length);
        return offered.length;
      },
      clock: () => 1_000_000_000 + calls * 3_600_000,
    });
    const queue = queueOf(20);
    for (; calls < 2; calls++) await connector.uploadData(queue).catch(() => {});
    return offers;
  }

  it('is one more than the transport had room for', async () => {
    expect((await offersAfter({ status: 'not_attempted' }))[1]).toBe(2);
  });

  it('is not less because a transaction had to stay', async () => {
    const later: Outcome = { status: 'retry', error: new UploadError('unavailable', 'Later.') };
    const [first = 0, second] = await offersAfter(later);
    expect(second).toBe(Math.min(first, 19));
    expect(second).toBeGreaterThan(2);
  });
});

describe('a batch that fails twice in a row', () => {
  /** Sizes of the batches that fail so, five seconds and more after each other. */
  async function sizesAfter(code: UploadErrorCode, size = 16): Promise<number[]> {
    const { transport, sizes } = takingAtMost(0, code);
    let now = 1_000_000_000;
    const { connector } = testConnector({
      transport,
      batching: { maxTransactions: size },
      clock: () => now,
    });
    const queue = queueOf(size);
    for (let call = 0; call < 4; call++) {
      await connector.uploadData(queue).catch(() => {});
      now += 3_600_000;
    }
    return sizes();
  }

  it.each<UploadErrorCode>(['network', 'unavailable', 'unknown', 'misconfigured'])(
    'is made smaller, whatever it fails with: %s',
    async (code) => {
      expect(await sizesAfter(code)).toEqual([16, 16, 8, 4]);
    },
  );

  it('is made smaller the first time where that was a time-out', async () => {
    expect(await sizesAfter('timeout')).toEqual([16, 8, 4, 2]);
  });

  it.each<UploadErrorCode>([
    'throttled',
    'unauthenticated',
    'owner_mismatch',
    'aborted',
    'schema_mismatch',
    'update_required',
  ])('is not where that has nothing to do with its size: %s', async (code) => {
    expect(await sizesAfter(code)).toEqual([16, 16, 16, 16]);
  });

  it('is not where it was the rejection policy that took too long', async () => {
    let answer = (_: 'complete'): void => {};
    const policy = new Promise<'complete'>((resolve) => {
      answer = resolve;
    });
    let isFirst = true;
    const { transport, batches } = recordingTransport(async ({ transactions }) => {
      const rejected: Outcome = { status: 'rejected', error: new UploadError('conflict', 'Taken.') };
      const refuses = isFirst;
      isFirst = false;
      return transactions.map((_, index) => (refuses && index === 0 ? rejected : { status: 'applied' }));
    });
    let now = 1_000_000_000;
    const { connector } = testConnector({
      transport,
      retry: { timeoutMs: 200 },
      batching: { maxTransactions: 8 },
      rejections: () => policy,
      clock: () => now,
    });
    const queue = queueOf(17);
    for (let call = 0; call < 3; call++) {
      await expect(connector.uploadData(queue)).rejects.toMatchObject({ code: 'timeout' });
      now += 3_600_000;
    }
    answer('complete');
    await connector.drain(queue);
    expect(batches.map(({ transactions }) => transactions.length)).toEqual([8, 7, 8, 1]);
  });

  it('is not where something moved between', async () => {
    let calls = 0;
    const { transport, batches } = recordingTransport(async (batch, context) => {
      if (calls++ % 2 === 0) throw new UploadError('unavailable', 'Down.');
      return applyAll(batch, context);
    });
    let now = 1_000_000_000;
    const { connector } = testConnector({
      transport,
      batching: { maxTransactions: 4 },
      clock: () => now,
    });
    const queue = queueOf(12);
    for (let call = 0; call < 6; call++) {
      await connector.uploadData(queue).catch(() => {});
      now += 3_600_000;
    }
    expect(batches.map(({ transactions }) => transactions.length)).toEqual([4, 4, 4, 4, 4, 4]);
  });

  it('goes through in the end, where a backend takes 504 for what is too much', async () => {
    const { transport, sizes } = takingAtMost(7, 'unavailable');
    let now = 1_000_000_000;
    const { connector } = testConnector({ transport, clock: () => now });
    const queue = queueOf(50);
    for (let call = 0; call < 20 && queue.opIds.length > 0; call++) {
      await connector.uploadData(queue).catch(() => {});
      now += 3_600_000;
    }
    expect(queue.opIds).toEqual([]);
    expect(sizes().slice(0, 5)).toEqual([50, 50, 25, 12, 6]);
  });
});

describe('an open breaker', () => {
  const bad: Transport = async () => {
    throw new UploadError('invalid', 'Refused.');
  };

  async function opened(queue = queueOf(9), start = 1_000_000_000) {
    const clock = { now: start };
    const { transport, batches } = recordingTransport(bad);
    const { connector, events } = testConnector({
      transport,
      clock: () => clock.now,
      retry: { jitter: 0.3 },
      random: () => 0.123,
    });
    await connector.uploadData(queue).catch(() => {});
    return { connector, events, clock, queue, batches };
  }

  it('can be told from the status, also after a restart, once an upload has begun', async () => {
    const { connector, events, queue } = await opened();
    expect(connector.status).toMatchObject({ breaker: 'open', phase: 'waiting' });
    expect(events.filter(({ type }) => type === 'breaker')).toHaveLength(1);
    const restarted = await opened(queue);
    expect(restarted.connector.status.breaker).toBe('open');
    expect(restarted.events.filter(({ type }) => type === 'breaker')).toEqual([]);
  });

  it('sends one transaction at a time', async () => {
    const { queue } = await opened();
    const { batches } = await opened(queue);
    expect(batches.map(({ transactions }) => transactions.length)).toEqual([1]);
  });

  it('is tried again when its time is over, on a whole millisecond, though the back-off has grown longer', async () => {
    const { connector, queue, clock } = await opened();
    const since = clock.now;
    while (queue.opIds.length === 6) {
      const next = connector.status.nextAttemptAt ?? 0;
      expect(Number.isInteger(next)).toBe(true);
      clock.now = next;
      await connector.uploadData(queue).catch(() => {});
    }
    // Back-offs of 5, 10, 20 ... 300 s, shortened by the jitter, wouldn't end there.
    expect(clock.now - since).toBe(600_000);
  });

  it('is closed by the app, and said to be', async () => {
    const { connector, queue } = await opened();
    await connector.resetBreaker(queue);
    expect(connector.status.breaker).toBe('closed');
    expect((await opened(queue)).queue.opIds).toHaveLength(3);
  });

  it('closes with a success', async () => {
    const { queue } = await opened();
    const { connector } = testConnector({});
    await connector.uploadData(queue);
    expect(connector.status.breaker).toBe('closed');
  });
});

describe('what a transport is told', () => {
  it("nothing of another token: to refresh it is the connector's", async () => {
    const { transport } = recordingTransport(async (batch, context) => {
      expect(Object.keys(context).sort()).toEqual(
        ['attempt', 'clientId', 'serverTime', 'signal', 'timeLeftMs', 'token'].sort(),
      );
      return applyAll(batch, context);
    });
    await testConnector({ transport }).connector.uploadData(queueOf(1));
  });

  it('has no getters: V8 would keep what the call has touched, until its next full collection', async () => {
    let members: PropertyDescriptor[] = [];
    const { transport } = recordingTransport((batch, context) => {
      members = Object.values(Object.getOwnPropertyDescriptors(context));
      return applyAll(batch, context);
    });
    await testConnector({ transport }).connector.uploadData(queueOf(1));
    expect(members.length).toBeGreaterThan(5);
    expect(members.filter(({ get }) => get)).toEqual([]);
  });
});

describe('a transaction of which the transform leaves nothing', () => {
  it('leaves the queue without a request, and counts as neither applied nor rejected', async () => {
    const { transport, batches } = recordingTransport();
    const { connector, events } = testConnector({ transport, transform: () => [] });
    const queue = queueOf(3);
    const report = await connector.drain(queue);
    expect(report).toEqual({ drained: true, applied: 0, rejected: 0, remainingEntries: 0 });
    expect(queue.opIds).toEqual([]);
    expect(batches).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'completed', applied: 0, rejected: 0 }));
  });
});

describe('an upload without a refusal', () => {
  it('writes nothing to the database: no tables are made, which would hold up the first request', async () => {
    const queue = queueOf(3);
    await testConnector({ transport: recordingTransport().transport }).connector.drain(queue);
    expect(queue.opIds).toEqual([]);
    expect(queue.statements.filter((sql) => /^(CREATE|INSERT|UPDATE|DELETE)/.test(sql))).toEqual([]);
  });
});

describe('a classify() that fails', () => {
  const refusing: Transport = async ({ transactions }) =>
    transactions.map(() => ({ status: 'rejected', error: new UploadError('invalid', 'No.') }));

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
      'unknown',
    ],
    ['answers what is no verdict', () => 'drop', 'misconfigured'],
    ['answers later', async () => 'reject', 'misconfigured'],
  ])('keeps the write where it %s', async (_, classify, code) => {
    const { connector } = testConnector({ transport: refusing, classify: classify as never });
    const queue = queueOf(2);
    await expect(connector.uploadData(queue)).rejects.toMatchObject({ name: 'UploadError', code });
    expect(queue.opIds).toEqual([1, 2]);
    expect(connector.status).toMatchObject({ phase: 'waiting', counters: { rejected: 0, failures: 1 } });
  });

  it('is not asked about an abort and a missing sign-in, which say nothing of the write', async () => {
    for (const code of ['aborted', 'unauthenticated'] as const) {
      const transport: Transport = async () => {
        throw new UploadError(code, 'No.');
      };
      const { connector } = testConnector({ transport, classify: () => 'reject' });
      const queue = queueOf(1);
      await expect(connector.uploadData(queue)).rejects.toMatchObject({ code });
      expect(queue.opIds).toEqual([1]);
    }
  });
});

it('says so where something else removed queued writes during the upload, and tries again', async () => {
  const queue = queueOf(3);
  const { transport, batches } = recordingTransport(async ({ transactions }) => {
    if (batches.length > 1) return transactions.map(() => ({ status: 'applied' }));
    queue.removeOne(2);
    return transactions.map((_, index) => ({ status: index < 2 ? 'applied' : 'not_attempted' }));
  });
  const { connector } = testConnector({ transport });
  await expect(connector.uploadData(queue)).rejects.toMatchObject({ name: 'UploadError', code: 'unknown' });
  expect(queue.opIds).toEqual([1, 3]);
  expect(await connector.drain(queue)).toMatchObject({ drained: true, applied: 2 });
  const [first, again] = batches.map(({ transactions }) => transactions.map(({ key }) => key));
  expect(again).toEqual([first?.[0], first?.[2]]);
});

describe('a batch without an answer', () => {
  it('is written down as perhaps applied before the call ends, for the next start of the app', async () => {
    const queue = queueOf(1);
    const execute = queue.execute.bind(queue);
    queue.execute = async (sql, parameters) => {
      await new Promise((resolve) => setImmediate(resolve));
      return execute(sql, parameters);
    };
    const { connector } = testConnector({
      transport: async () => {
        throw new UploadError('network', 'Lost.');
      },
    });
    await expect(connector.uploadData(queue)).rejects.toMatchObject({ code: 'network' });
    const raw = [anEntry({ clientId: 1 })];
    expect(await createUnanswered().includes(queue, { raw })).toBe(true);
  });

  it('does not go on after its time for the sake of that, where the database is locked', async () => {
    const queue = queueOf(1);
    queue.execute = () => new Promise(() => {});
    const abort = new AbortController();
    const { connector } = testConnector({
      transport(batch, context) {
        setImmediate(() => abort.abort());
        return noAnswer(batch, context);
      },
    });
    expect(await connector.drain(queue, { signal: abort.signal })).toMatchObject({ drained: false });
    expect(queue.opIds).toEqual([1]);
  });
});

it('tells of what is completed by its first key, once nothing is in flight any more', async () => {
  const { connector, events } = testConnector();
  const seen: unknown[] = [];
  connector.subscribe(({ type }) => {
    if (type === 'completed') seen.push([connector.status.phase, connector.status.inFlight]);
  });
  await connector.uploadData(queueOf(2));
  const [attempt, completed] = ['attempt', 'completed'].map((name) =>
    events.find(({ type }) => type === name),
  );
  expect(completed).toEqual({
    type: 'completed',
    key: (attempt as { key: string }).key,
    applied: 2,
    rejected: 0,
  });
  expect(seen).toEqual([['idle', undefined]]);
});

describe('the length of the queue', () => {
  it('does not keep what was applied in the queue where it can not be counted in time', async () => {
    const queue = queueOf(1);
    queue.getUploadQueueStats = () => new Promise(() => {});
    const { connector } = testConnector({ retry: { timeoutMs: 1_000 } });
    await connector.uploadData(queue);
    expect(queue.opIds).toEqual([]);
  });

  /** Uploads 100 times, a second apart, where counting takes so long; returns how often it was counted. */
  async function countings(tookMs: number): Promise<number> {
    let now = 1_000_000_000;
    let counted = 0;
    const queue = queueOf(101);
    queue.getUploadQueueStats = async () => {
      counted++;
      now += tookMs;
      return { count: queue.opIds.length };
    };
    const { connector } = testConnector({ clock: () => now, batching: { maxTransactions: 1 } });
    for (let left = 100; left > 0; left--) {
      await connector.uploadData(queue);
      expect(connector.status.queuedEntries).toBe(left);
      now += 1_000;
    }
    return counted;
  }

  it('is counted every second at most, and subtracted from between', async () => {
    expect(await countings(0)).toBe(100);
  });

  it('is counted the more seldom, the longer that takes', async () => {
    expect(await countings(100)).toBeLessThanOrEqual(11);
    expect(await countings(3_000)).toBeLessThanOrEqual(3);
  });

  it('is less by what left the queue, not by what stays', async () => {
    const queue = queueOf(4);
    const later: Outcome = { status: 'retry', error: new UploadError('unavailable', 'Later.') };
    const { connector } = testConnector({ transport: async () => [APPLIED, APPLIED, later, later] });
    const seen: (number | undefined)[] = [];
    connector.subscribe(({ type }) => {
      if (type === 'completed') seen.push(connector.status.queuedEntries);
    });
    await connector.uploadData(queue).catch(() => {});
    expect(seen).toEqual([2]);
  });

  it('is counted again after the clock was set back', async () => {
    let now = 1_000_000_000;
    const queue = queueOf(20);
    const { connector } = testConnector({ clock: () => now, batching: { maxTransactions: 1 } });
    await connector.uploadData(queue);
    queue.write({}, {}, {});
    now -= 500_000;
    await connector.uploadData(queue);
    expect(connector.status.queuedEntries).toBe(21);
  });
});
