import { describe, expect, it, vi } from 'vitest';
import { defaultVerdict } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import { type EncryptValue, encryptColumns } from '../../../src/transforms/index.ts';
import { changed, columnsAfter, patchAfter } from './support.ts';

const sealed = (value: unknown) => `sealed ${JSON.stringify(value).length}`;
const seal: EncryptValue = async (value) => sealed(value);

describe('encryptColumns()', () => {
  it('encrypts the columns it names, and tells where a value is from', async () => {
    const encrypt = vi.fn(seal);
    const transform = encryptColumns(['title', 'pages'], encrypt);
    const opData = { title: 'Diary', pages: 7, color: 'red' };
    expect(await columnsAfter(transform, opData)).toEqual({
      title: sealed('Diary'),
      pages: sealed(7),
      color: 'red',
    });
    expect(encrypt.mock.calls).toEqual([
      ['Diary', { table: 'lists', column: 'title', id: 'row' }],
      [7, { table: 'lists', column: 'pages', id: 'row' }],
    ]);
  });

  it('takes an encrypt that answers at once', async () => {
    expect(await columnsAfter(encryptColumns(['a'], sealed), { a: 'x' })).toEqual({ a: sealed('x') });
  });

  it('takes patterns', async () => {
    const opData = { secret_a: 'x', b: 'y' };
    expect(await columnsAfter(encryptColumns(['secret_*'], seal), opData)).toEqual({
      secret_a: sealed('x'),
      b: 'y',
    });
  });

  it('keeps null without asking', async () => {
    const encrypt = vi.fn(seal);
    expect(await columnsAfter(encryptColumns(['title'], encrypt), { title: null })).toEqual({ title: null });
    expect(encrypt).not.toHaveBeenCalled();
  });

  it('leaves the columns out of previous values: they must not be sent in plain text', async () => {
    const transform = encryptColumns(['title'], seal);
    expect(await patchAfter(transform, { title: 'b' }, { title: 'a', color: 'red' })).toEqual([
      { title: sealed('b') },
      { color: 'red' },
    ]);
    const deletion = { op: 'DELETE', opData: undefined, previousValues: { title: 'a', color: 'red' } };
    expect((await changed(transform, deletion))?.previousValues).toEqual({ color: 'red' });
  });

  it('encrypts previous values when asked to', async () => {
    const transform = encryptColumns(['title'], seal, { previousValues: 'encrypt' });
    expect(await patchAfter(transform, { title: 'b' }, { title: 'long', color: 'red' })).toEqual([
      { title: sealed('b') },
      { title: sealed('long'), color: 'red' },
    ]);
  });

  describe('keeps the write, and sends nothing', () => {
    const failing =
      (thrown: unknown): EncryptValue =>
      () => {
        throw thrown;
      };
    it.each<[string, EncryptValue, string]>([
      ['answers undefined', () => undefined, 'unavailable'],
      ['answers null', async () => null, 'unavailable'],
      ['throws', failing(new Error('locked')), 'unavailable'],
      ['throws what is no error', failing('locked'), 'unavailable'],
      ['rejects', () => Promise.reject(new TypeError('key is undefined')), 'unavailable'],
      ['returns the value as it was', (value) => value, 'unavailable'],
      ['returns bytes, which JSON would make {} of', async () => new Uint8Array(8).buffer, 'misconfigured'],
      ['returns a promise within', () => ({ text: Promise.resolve('x') }), 'misconfigured'],
    ])('while encrypt %s', async (_, encrypt, code) => {
      for (const previousValues of [undefined, { title: 'SECRET' }] as const) {
        const transform = encryptColumns(['title'], encrypt, { previousValues: 'encrypt' });
        const opData = previousValues ? {} : { title: 'SECRET' };
        const error = await Promise.resolve(changed(transform, { opData, previousValues })).catch((e) => e);
        expect(error).toBeInstanceOf(UploadError);
        expect(error.code).toBe(code);
        expect(defaultVerdict(error.code)).toBe('retry');
        expect(error.message).toContain('lists.title');
        expect(error.message).not.toContain('SECRET');
      }
    });
  });

  it('takes the word of an UploadError', async () => {
    const error = new UploadError('invalid', 'Too long to encrypt.');
    const encrypt = () => Promise.reject(error);
    await expect(columnsAfter(encryptColumns(['title'], encrypt), { title: 'x' })).rejects.toBe(error);
  });

  it.each<[string, unknown[], string]>([
    ['no names', [[], seal], '"names"'],
    ['one name instead of a list', ['title', seal], '"names"'],
    ['no encrypt', [['title']], '"encrypt"'],
    ['a misspelt option', [['title'], seal, { previous: 'omit' }], '"previous"'],
    ['an unknown policy', [['title'], seal, { previousValues: 'keep' }], '"previousValues"'],
  ])('throws a TypeError for %s', (_, parameters, named) => {
    const make = () => (encryptColumns as (...parameters: unknown[]) => unknown)(...parameters);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(named);
  });
});
