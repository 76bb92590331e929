import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UploadErrorCode } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import { createUnanswered } from '../../../src/queue/unanswered.ts';
import { startDeadline } from '../../../src/time/deadline.ts';
import type { Item } from '../../../src/upload/item.ts';
import { marking } from '../../../src/upload/marking.ts';
import { deferred } from '../../support/connector.ts';
import { anEntry, FakeQueue } from '../../support/fake-queue.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const raw = [anEntry({ clientId: 1 })];
const item: Item = { raw, transaction: { key: 'key 1', entries: raw } };

/** A request that is answered when the test says so. */
function world(database = new FakeQueue()) {
  const unanswered = createUnanswered();
  const answer = deferred<string>();
  const deadline = startDeadline(60_000);
  deadline.end();
  const sending = marking(unanswered, { database, deadline }, () => answer.promise)([item]);
  sending.catch(() => {});
  /** What the next start of the app knows. */
  const isMarked = () => createUnanswered().includes(database, item);
  /** The request has taken so long. */
  async function elapse(ms: number): Promise<void> {
    vi.advanceTimersByTime(ms);
    for (let tick = 0; tick < 20; tick++) await null;
  }
  return { database, answer, deadline, sending, isMarked, elapse };
}

describe('a request', () => {
  it('marks nothing where it is answered soon, and leaves no timer', async () => {
    const { answer, sending, isMarked, elapse } = world();
    await elapse(499);
    answer.resolve('done');
    expect(await sending).toBe('done');
    expect(vi.getTimerCount()).toBe(0);
    await elapse(1_000);
    expect(await isMarked()).toBe(false);
  });

  it('marks what it carries once it is slow, until it is answered', async () => {
    const { answer, sending, isMarked, elapse } = world();
    await elapse(500);
    expect(await isMarked()).toBe(true);
    answer.resolve('done');
    expect(await sending).toBe('done');
    expect(await isMarked()).toBe(false);
  });

  it.each<[UploadErrorCode, boolean]>([
    ['invalid', false],
    ['throttled', false],
    ['network', true],
    ['timeout', true],
  ])('that is slow, and then fails with %s: marked %s', async (code, stays) => {
    const { answer, sending, isMarked, elapse } = world();
    await elapse(500);
    answer.reject(new UploadError(code, 'No.'));
    await expect(sending).rejects.toMatchObject({ code });
    expect(await isMarked()).toBe(stays);
  });

  it('is over with the call, though the mark can not be taken back in time', async () => {
    const { database, answer, deadline, sending, elapse } = world();
    await elapse(500);
    database.execute = () => new Promise(() => {});
    answer.resolve('done');
    deadline.abort(new UploadError('timeout', 'Too slow.'));
    expect(await sending).toBe('done');
  });
});
