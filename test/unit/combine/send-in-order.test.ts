import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/combine/failure-alone.ts';
import { createProgress } from '../../../src/combine/progress.ts';
import { type InOrder, oneByOne, only, sendInOrder } from '../../../src/combine/send-in-order.ts';
import type { UploadErrorCode } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import { context, put, transaction } from '../../http/support.ts';
import { deferred } from '../../support/connector.ts';
import { anEntry } from '../../support/fake-queue.ts';

/** Two transactions, a b c and d, that travel in one request; what is refused is refused whenever `guilty` is in it. */
async function sendTogether(guilty: string, failure: Failure, progress = createProgress()) {
  const transactions = [
    transaction('t0', ...['a', 'b', 'c'].map((id, i) => ({ ...put(id), clientId: i + 1 }))),
    transaction('t1', { ...put('d'), clientId: 4 }),
  ];
  const sent: string[] = [];
  const outcomes = await sendInOrder(transactions, context(), {
    progress,
    concurrency: 1,
    requests: (entries) => [entries],
    async send(entries) {
      const ids = entries.map(({ entry }) => entry.id).join('');
      sent.push(ids);
      return ids.includes(guilty) ? failure : undefined;
    },
  });
  return { sent, outcomes };
}

const rejected = (code: UploadErrorCode): Failure => ({
  status: 'rejected',
  error: new UploadError(code, 'No.'),
});

describe('a request of several entries', () => {
  it('is applied as a whole', async () => {
    const { sent, outcomes } = await sendTogether('nothing', rejected('conflict'));
    expect(sent).toEqual(['abcd']);
    expect(outcomes).toEqual([{ status: 'applied' }, { status: 'applied' }]);
  });

  it.each(['conflict', 'unclassified'] as const)(
    'that is refused (%s) is sent again entry by entry, up to the one at fault',
    async (code) => {
      const { sent, outcomes } = await sendTogether('b', rejected(code));
      expect(sent).toEqual(['abcd', 'a', 'b']);
      expect(outcomes).toMatchObject([
        { status: 'rejected', error: { code }, entryIndex: 1, appliedEntries: [0] },
        { status: 'not_attempted' },
      ]);
    },
  );

  it('that is refused although each of its entries is taken is applied after all', async () => {
    const { sent, outcomes } = await sendTogether('abcd', rejected('conflict'));
    expect(sent).toEqual(['abcd', 'a', 'b', 'c', 'd']);
    expect(outcomes).toEqual([{ status: 'applied' }, { status: 'applied' }]);
  });

  it.each<[string, Failure]>([
    ['is not to be tried now', { status: 'retry', error: new UploadError('conflict', 'Busy.') }],
    ['failed for no fault of theirs', rejected('unavailable')],
    ['has to be held', rejected('schema_mismatch')],
  ])('that %s is not split', async (_, failure) => {
    const { sent, outcomes } = await sendTogether('b', failure);
    expect(sent).toEqual(['abcd']);
    expect(outcomes).toMatchObject([{ status: failure.status }, { status: failure.status }]);
  });

  it('that nobody answered tells of all its transactions: each of them may be applied', async () => {
    const lost: Failure = { status: 'retry', error: new UploadError('network', 'Lost.'), inBand: false };
    const { sent, outcomes } = await sendTogether('b', lost);
    expect(sent).toEqual(['abcd']);
    expect(outcomes).toEqual([lost, lost]);
  });

  it('leaves out what an earlier call has applied', async () => {
    const progress = createProgress();
    await sendTogether('b', rejected('conflict'), progress);
    const { sent, outcomes } = await sendTogether('nothing', rejected('conflict'), progress);
    expect(sent).toEqual(['bcd']);
    expect(outcomes).toEqual([{ status: 'applied' }, { status: 'applied' }]);
  });
});

describe('several requests', () => {
  /** Sends transactions of these rows (`ab` has two entries) to a backend that answers so; `sent` has each request. */
  async function send(
    names: readonly string[],
    answer: (ids: string) => Failure | Promise<Failure | undefined> | undefined,
    { requests = oneByOne, concurrency = 1 }: Partial<Pick<InOrder, 'requests' | 'concurrency'>> = {},
  ) {
    let clientId = 0;
    const transactions = names.map((ids) =>
      transaction(ids, ...[...ids].map((id) => ({ ...put(id), clientId: ++clientId }))),
    );
    const sent: string[] = [];
    const outcomes = sendInOrder(transactions, context(), {
      progress: createProgress(),
      requests,
      concurrency,
      async send(entries) {
        const ids = entries.map(({ entry }) => entry.id).join('');
        sent.push(ids);
        return answer(ids);
      },
    });
    return { sent, outcomes: await outcomes.catch((thrown) => thrown) };
  }

  const retry: Failure = { status: 'retry', error: new UploadError('unavailable', 'Later.') };
  const inPairs: InOrder['requests'] = (entries) => [entries.slice(0, 2), entries.slice(2)];

  it('end with the one that fails', async () => {
    const { sent, outcomes } = await send(['a', 'b', 'c'], (id) => (id === 'b' ? retry : undefined));
    expect(sent).toEqual(['a', 'b']);
    expect(outcomes).toEqual([{ status: 'applied' }, retry, { status: 'not_attempted' }]);
  });

  it('end with the one that fails entry by entry', async () => {
    const { sent } = await send(['abc'], (ids) => (ids.includes('b') ? rejected('conflict') : undefined), {
      requests: inPairs,
    });
    expect(sent).toEqual(['ab', 'a', 'b']);
  });

  it('go on behind one that is taken entry by entry', async () => {
    const { sent, outcomes } = await send(
      ['abc'],
      (ids) => (ids === 'ab' ? rejected('conflict') : undefined),
      { requests: inPairs },
    );
    expect(sent).toEqual(['ab', 'a', 'b', 'c']);
    expect(outcomes).toEqual([{ status: 'applied' }]);
  });

  it('leave a transaction for the next call of which nothing was sent, because they were not in its order', async () => {
    const { sent, outcomes } = await send(['a', 'b'], () => retry, {
      requests: (entries) => oneByOne([...entries].reverse()),
    });
    expect(sent).toEqual(['b']);
    expect(outcomes).toEqual([{ status: 'not_attempted' }, retry]);
  });

  describe('at once', () => {
    const atOnce = { concurrency: 2 };

    it('keep a transaction of which one may be taken yet, though another was refused', async () => {
      const answer = (id: string) => (id === 'a' ? rejected('conflict') : id === 'b' ? retry : undefined);
      const { outcomes } = await send(['abc'], answer, atOnce);
      expect(outcomes).toEqual([retry]);
    });

    it('tell of the one that nobody answered, whichever comes first: that one may be applied', async () => {
      const lost = async (): Promise<never> => {
        throw new UploadError('network', 'Lost.');
      };
      const { outcomes } = await send(['abc'], (id) => (id === 'c' ? lost() : retry), { concurrency: 3 });
      expect(outcomes).toMatchObject([{ status: 'retry', inBand: false, error: { code: 'network' } }]);
    });

    it('tell of a transaction that nobody answered, also behind another failure', async () => {
      const lost = async (): Promise<never> => {
        throw new UploadError('network', 'Lost.');
      };
      const { outcomes } = await send(['a', 'bc'], (id) => (id === 'a' ? rejected('conflict') : lost()), {
        concurrency: 3,
      });
      expect(outcomes).toMatchObject([
        { status: 'rejected' },
        { status: 'retry', error: { code: 'network' } },
      ]);
    });

    it('do not tell yet what was applied behind a failure, which may be held', async () => {
      const { sent, outcomes } = await send(['a', 'b', 'c'], (id) => (id === 'a' ? retry : undefined), {
        concurrency: 3,
      });
      expect(sent).toEqual(['a', 'b', 'c']);
      expect(outcomes).toEqual([retry, { status: 'not_attempted' }, { status: 'not_attempted' }]);
    });

    it('tell the place of the first that was refused, and what was applied around it', async () => {
      const answer = (id: string) => (id === 'b' || id === 'd' ? rejected('conflict') : undefined);
      const { outcomes } = await send(['abcd'], answer, { concurrency: 4 });
      expect(outcomes).toMatchObject([{ status: 'rejected', entryIndex: 1, appliedEntries: [0, 2] }]);
    });

    it('start none behind a failure, of which some wait for a row', async () => {
      const end = deferred<undefined>();
      const waiting = send(
        ['a', 'a', 'b', 'c'],
        (id) => (id === 'a' ? end.promise.then(() => retry) : retry),
        {
          concurrency: 3,
        },
      );
      await new Promise((resolve) => setImmediate(resolve));
      end.resolve(undefined);
      expect((await waiting).sent).toEqual(['a', 'b']);
    });

    it('start none behind the first of several failures', async () => {
      const end = deferred<undefined>();
      const sending = send(['a', 'b', 'a', 'c'], (id) => (id === 'a' ? end.promise : retry), {
        concurrency: 4,
      });
      await new Promise((resolve) => setImmediate(resolve));
      end.resolve(undefined);
      expect((await sending).sent).toEqual(['a', 'b', 'c']);
    });

    it('still start what stands before a failure, and waits for a row', async () => {
      const end = deferred<undefined>();
      const sending = send(
        ['a', 'a', 'b', 'c'],
        (id) => (id === 'a' ? end.promise : id === 'b' ? retry : undefined),
        { concurrency: 3 },
      );
      await new Promise((resolve) => setImmediate(resolve));
      end.resolve(undefined);
      const { sent, outcomes } = await sending;
      expect(sent).toEqual(['a', 'b', 'a']);
      expect(outcomes).toMatchObject([
        { status: 'applied' },
        { status: 'applied' },
        { status: 'retry' },
        { status: 'not_attempted' },
      ]);
    });

    it('start none once one has ended the whole call, which waits for what is under way', async () => {
      const end = deferred<undefined>();
      const ended: string[] = [];
      const sending = send(
        ['a', 'b', 'c', 'a'],
        async (id) => {
          if (id === 'b') throw new UploadError('unauthenticated', 'Who are you?');
          await end.promise;
          ended.push(id);
          return undefined;
        },
        atOnce,
      );
      await new Promise((resolve) => setImmediate(resolve));
      end.resolve(undefined);
      const { sent, outcomes } = await sending;
      expect(sent).toEqual(['a', 'b']);
      expect(outcomes).toMatchObject({ code: 'unauthenticated' });
      expect(ended).toEqual(['a']);
    });
  });

  it.each<[UploadErrorCode, string]>([
    ['conflict', 'rejected'],
    ['unclassified', 'rejected'],
    ['network', 'retry'],
  ])('that throw %s are %s, not in band', async (code, status) => {
    const { outcomes } = await send(['a'], async () => {
      throw new UploadError(code, 'No.');
    });
    expect(outcomes).toMatchObject([{ status, error: { code }, inBand: false }]);
  });
});

it('only() wants an entry', () => {
  const entry = anEntry({ clientId: 7 });
  expect(only([{ entry, transaction: transaction('t0', entry) }])).toEqual({ entry, key: 'key-of-t0:7' });
  expect(() => only([])).toThrow(/\[unknown\]/);
});

describe('progress', () => {
  it('forgets the transactions that were added to longest ago', () => {
    const progress = createProgress();
    const entry = anEntry();
    progress.add('first', entry);
    progress.add('second', entry);
    for (let i = 0; i < 198; i++) progress.add(`${i}`, entry);
    expect(progress.has('first', entry)).toBe(true);
    progress.add('first', anEntry({ clientId: 2 })); // now the newest
    progress.add('one more', entry);
    expect(progress.has('second', entry)).toBe(false);
    expect(progress.has('first', entry)).toBe(true);
    expect(progress.has('first', anEntry({ clientId: 2 }))).toBe(true);
    expect(progress.has('first', anEntry({ clientId: 3 }))).toBe(false);
  });
});
