import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UploadError } from '../../../src/error/upload-error.ts';
import { startDeadline, within } from '../../../src/time/deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => {});

describe('a deadline', () => {
  it('ends the call after its time: the signal is aborted and everything raced fails with the same error', async () => {
    const deadline = startDeadline(30_000);
    const race = deadline.race(never());
    const raced = expect(race).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(29_999);
    expect(deadline.error).toBeUndefined();
    expect(deadline.signal.aborted).toBe(false);
    expect(() => deadline.check()).not.toThrow();
    await vi.advanceTimersByTimeAsync(1);
    await raced;
    expect(deadline.signal.aborted).toBe(true);
    expect(() => deadline.check()).toThrow(deadline.error);
    await expect(deadline.race(never())).rejects.toBe(deadline.error);
  });

  it('ends earlier when it is aborted, with the first error given', async () => {
    const deadline = startDeadline(30_000);
    const first = new UploadError('aborted', 'Closed.');
    deadline.abort(first);
    deadline.abort(new UploadError('aborted', 'Once more.'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(deadline.error).toBe(first);
    await expect(deadline.race(never())).rejects.toBe(first);
  });

  it('settles like the work where that comes first', async () => {
    const deadline = startDeadline(30_000);
    await expect(deadline.race('a value')).resolves.toBe('a value');
    await expect(deadline.race(Promise.reject(new Error('from the work')))).rejects.toThrow('from the work');
  });

  it('has no getters: V8 would keep what it has raced, until its next full collection', () => {
    const deadline = startDeadline(30_000);
    const members = Object.values(Object.getOwnPropertyDescriptors(deadline));
    expect(members.filter(({ get }) => get)).toEqual([]);
  });

  it('knows how much time is left', async () => {
    const deadline = startDeadline(30_000);
    expect(deadline.timeLeftMs()).toBe(30_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(deadline.timeLeftMs()).toBe(20_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(deadline.timeLeftMs()).toBe(0);
  });

  it('leaves no timer behind once it has ended', () => {
    const deadline = startDeadline(30_000);
    expect(vi.getTimerCount()).toBe(1);
    deadline.end();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lets work fail unheard that comes too late, instead of crashing the process', async () => {
    const deadline = startDeadline(10);
    let fail: (error: Error) => void = () => {};
    const late = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const raced = expect(deadline.race(late)).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(10);
    await raced;
    fail(new Error('too late')); // an unhandled rejection would fail the run
  });
});

describe('within()', () => {
  it('settles like the work, and leaves no timer behind', async () => {
    expect(await within(1_000, Promise.resolve('done'))).toBe('done');
    await expect(within(1_000, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('fails when that takes too long', async () => {
    const waiting = within(1_000, new Promise(() => {}));
    const failed = expect(waiting).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(1_000);
    await failed;
  });
});
