import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/combine/failure-alone.ts';
import { createProgress } from '../../../src/combine/progress.ts';
import { only, sendInOrder } from '../../../src/combine/send-in-order.ts';
import type { UploadErrorCode } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import { context, put, transaction } from '../../http/support.ts';
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
    expect(outcomes).toMatchObject([{ status: failure.status }, { status: 'not_attempted' }]);
  });

  it('leaves out what an earlier call has applied', async () => {
    const progress = createProgress();
    await sendTogether('b', rejected('conflict'), progress);
    const { sent, outcomes } = await sendTogether('nothing', rejected('conflict'), progress);
    expect(sent).toEqual(['bcd']);
    expect(outcomes).toEqual([{ status: 'applied' }, { status: 'applied' }]);
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
