import { describe, expect, it, vi } from 'vitest';
import type { UploadErrorCode } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import type { Gate } from '../../../src/time/gate.ts';
import type { Item } from '../../../src/upload/item.ts';
import { createSizing } from '../../../src/upload/sizing.ts';

const error = (code: UploadErrorCode) => new UploadError(code, 'No.');

function items(size: number, known?: Item['known']): Item[] {
  return Array.from({ length: size }, (_, n) => ({
    raw: [],
    transaction: { key: `${n}`, entries: [] },
    known,
  }));
}

/** Sizing of a batch of these, which tells the limit `+ 3` of three that went through and `- 3` of three that were too much. */
function world(batch: readonly Item[] = items(8), failedBefore?: UploadErrorCode) {
  const told: string[] = [];
  const limit = {
    current: 8,
    succeeded: (size: number) => void told.push(`+ ${size}`),
    failed: (size: number) => void told.push(`- ${size}`),
  };
  const gate = { error: failedBefore && error(failedBefore) } as Gate;
  const sizing = createSizing(limit, gate, batch);
  /** Sends so many, which fails with this; returns what was thrown. */
  async function fail(size: number, thrown: unknown): Promise<UploadError> {
    const send = sizing.watch(async () => {
      throw thrown;
    });
    return send(items(size)).catch((failure) => failure);
  }
  return { ...sizing, told, fail };
}

describe('what went through', () => {
  it('has the size of all that were applied or rejected', () => {
    const { succeeded, told } = world();
    succeeded({ settled: 8, applied: 4, rejected: 3 });
    expect(told).toEqual(['+ 7']);
  });

  it('counts none of which the end was known before: they were not sent', () => {
    const { succeeded, told } = world([...items(3, { status: 'recorded' }), ...items(2)]);
    succeeded({ settled: 5, applied: 2, rejected: 3 });
    expect(told).toEqual(['+ 2']);
  });

  it('is no success of its size where it went through in parts', () => {
    const { tooMuch, succeeded, told } = world();
    tooMuch(8);
    succeeded({ settled: 8, applied: 8, rejected: 0 });
    expect(told).toEqual(['- 8', '+ 0']);
  });
});

describe('a batch that ends with a failed request', () => {
  it('was too much where that timed out, by the size of the request', async () => {
    const { fail, ended, told } = world();
    ended(await fail(3, error('timeout')));
    expect(told).toEqual(['- 3']);
  });

  it.each<[UploadErrorCode | undefined, UploadErrorCode, boolean]>([
    [undefined, 'network', false],
    ['network', 'network', true],
    ['unavailable', 'network', true],
    ['network', 'throttled', false],
    ['network', 'aborted', false],
  ])('after %s with %s: too much %s', async (before, code, isTooMuch) => {
    const { fail, ended, told } = world(items(4), before);
    ended(await fail(4, error(code)));
    expect(told).toEqual(isTooMuch ? ['- 4'] : []);
  });

  it('says nothing of a request before it that failed otherwise', async () => {
    const { fail, watch, ended, told } = world();
    const failure = await fail(8, error('timeout'));
    await watch(async () => [])(items(4));
    ended(failure);
    expect(told).toEqual([]);
  });

  it('says nothing where something else keeps the next transaction, or nothing does', async () => {
    const { fail, ended, told } = world();
    await fail(8, error('timeout'));
    ended(error('timeout'));
    ended(undefined);
    expect(told).toEqual([]);
  });

  it('throws it as an UploadError, which is the one that the batch may end with', async () => {
    const { fail, ended, told } = world(items(4), 'network');
    const failure = await fail(4, new RangeError('bug'));
    expect(failure).toMatchObject({ name: 'UploadError', code: 'unknown' });
    ended(failure);
    expect(told).toEqual(['- 4']);
  });
});

it('passes on what is sent, and what is answered', async () => {
  const send = vi.fn(async () => 'answer');
  const batch = items(2);
  expect(await world().watch(send)(batch)).toBe('answer');
  expect(send).toHaveBeenCalledWith(batch);
});
