import { describe, expect, it } from 'vitest';
import { isOwnError, ownError, showWords } from '../../../src/error/own-error.ts';
import { UploadError } from '../../../src/error/upload-error.ts';

const causeOf = (cause: unknown) => new UploadError('unknown', '', { cause }).cause;

describe('ownError()', () => {
  it('is a TypeError that stays the very cause, words and all', () => {
    const error = ownError('Expected 0 or 1.');
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe('Expected 0 or 1.');
    expect(isOwnError(error)).toBe(true);
    expect(causeOf(error)).toBe(error);
  });

  it('is marked unseen: it prints like any other', () => {
    expect(Object.keys(ownError('Expected 0 or 1.'))).toEqual([]);
  });
});

describe('showWords()', () => {
  it('keeps the words of an error, whose code never saw a row', () => {
    const error = new Error('The disk is full of cheese.');
    expect(isOwnError(error)).toBe(false);
    showWords(error);
    expect(isOwnError(error)).toBe(true);
    expect(causeOf(error)).toBe(error);
  });

  it('does not for the error of a parser, which quotes what it could not read', () => {
    const error = new SyntaxError('Unexpected token S in "SECRET"');
    showWords(error);
    expect(isOwnError(error)).toBe(false);
    expect(causeOf(error)?.message).not.toContain('SECRET');
  });

  it('leaves an upload error what it is', () => {
    const error = new UploadError('unauthenticated', 'Sign in.');
    showWords(error);
    expect(causeOf(error)).toBe(error);
  });

  it('leaves a frozen error as it is', () => {
    const error = Object.freeze(new Error('SECRET'));
    showWords(error);
    expect(causeOf(error)?.message).not.toContain('SECRET');
  });

  it('leaves what is no error alone', () => {
    for (const thrown of ['text', 7, null, undefined, Symbol('x')]) showWords(thrown);
    const thrown = { name: 'Error', message: 'text' };
    showWords(thrown);
    expect(Reflect.ownKeys(thrown)).toEqual(['name', 'message']);
  });
});
