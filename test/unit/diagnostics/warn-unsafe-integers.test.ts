import type { UploadEntry } from 'powersync-backend-connector';
import { warnUnsafeIntegers } from 'powersync-backend-connector/diagnostics';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { anEntry } from '../../support/fake-queue.ts';
import { context } from '../transforms/support.ts';

function transform(warn?: (message: string) => void) {
  const warnings: string[] = [];
  const check = warnUnsafeIntegers(warn ?? ((message) => warnings.push(message)));
  return { warnings, check: (...entries: UploadEntry[]) => check(entries, context) };
}

describe('warnUnsafeIntegers()', () => {
  afterEach(() => vi.restoreAllMocks());

  it('returns every entry unchanged', () => {
    const { check } = transform();
    const entries = [anEntry({ opData: { n: 2 ** 60 } }), anEntry({ op: 'DELETE', opData: undefined })];
    const before = structuredClone(entries);
    expect(check(...entries)).toEqual(before);
    expect(entries).toEqual(before);
  });

  it('warns once per table and column, and keeps the number to itself', () => {
    const { check, warnings } = transform();
    check(
      anEntry({ table: 'a', opData: { n: 2 ** 53, name: 'Milk' } }),
      anEntry({ table: 'a', opData: { n: -(2 ** 60) } }),
    );
    check(anEntry({ table: 'a', opData: { m: -(2 ** 53) } }));
    check(anEntry({ table: 'b', opData: { n: 2 ** 63 } }));
    expect(warnings.map((warning) => /: (\S+) /.exec(warning)?.[1])).toEqual(['a.n', 'a.m', 'b.n']);
    expect(warnings.join()).not.toMatch(/9007199254740992|Milk/);
  });

  it('is silent on what is safe, and on what no integer column can hold', () => {
    const { check, warnings } = transform();
    const { MAX_SAFE_INTEGER, MIN_SAFE_INTEGER } = Number;
    const opData = {
      a: MAX_SAFE_INTEGER,
      b: MIN_SAFE_INTEGER,
      c: 1.5,
      d: 1e300,
      e: '9007199254740993',
      f: null,
    };
    check(anEntry({ opData }));
    expect(warnings).toEqual([]);
  });

  it('never throws, since a transform that throws rejects the write', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { check } = transform(() => {
      throw new Error('no console here');
    });
    const entry = anEntry({ opData: { n: 2 ** 60 } });
    expect(check(entry)).toEqual([entry]);
    expect(error).toHaveBeenCalledOnce();
  });
});
