import { describe, expect, it } from 'vitest';
import { isNetworkError, isNetworkFailure } from '../../../src/error/network-failure.ts';

const coded = (code: unknown, error = new Error('x')) => Object.assign(error, { code });

describe('isNetworkError()', () => {
  it.each([
    'ECONNRESET',
    'ENOTFOUND',
    'UND_ERR_CONNECT_TIMEOUT',
    'CERT_HAS_EXPIRED',
    'ConnectionRefused',
    'java.net.UnknownHostException',
    'SocketTimeoutException',
  ])('knows the code %s in any error', (code) => {
    expect(isNetworkError(coded(code))).toBe(true);
  });

  it.each(['EAGAIN', 'EADDRNOTAVAIL', 'EACCES', 'E_X'])(
    'takes the code of the system %s for that of a connection in a TypeError, which is what fetch throws',
    (code) => {
      expect(isNetworkError(coded(code, new TypeError('x')))).toBe(true);
      expect(isNetworkError(coded(code))).toBe(false);
    },
  );

  it.each([
    'ERR_INVALID_ARG_TYPE',
    'ERR_INVALID_URL',
    'E',
    'E11000',
    'EAGAIN: of a row',
    'An EAGAIN',
    'eagain',
    '',
  ])('knows nothing of a connection in a TypeError with the code %j', (code) => {
    expect(isNetworkError(coded(code, new TypeError('x')))).toBe(false);
  });

  it.each([[['ECONNRESET']], [Symbol('ECONNRESET')], [7], [null]])(
    'a code or message that is no text says nothing (%#)',
    (value) => {
      expect(isNetworkError({ code: value })).toBe(false);
      expect(isNetworkError({ message: value })).toBe(false);
      expect(isNetworkError({ message: ['fetch failed'] })).toBe(false);
    },
  );

  it('reads a text that was thrown, as Tauri and Capacitor do', () => {
    expect(isNetworkError('error sending request for url (https://api.test/)')).toBe(true);
    expect(isNetworkError('a text')).toBe(false);
    expect(isNetworkError(undefined)).toBe(false);
  });
});

describe('isNetworkFailure()', () => {
  it('finds the error of a connection behind those that wrap it', () => {
    const wrapped = new Error('save', {
      cause: new Error('upload', { cause: new TypeError('fetch failed') }),
    });
    expect(isNetworkFailure(wrapped)).toBe(true);
    expect(isNetworkError(wrapped)).toBe(false);
  });

  it('ends where causes go in a circle', () => {
    const error = new Error('x');
    error.cause = error;
    expect(isNetworkFailure(error)).toBe(false);
  });
});
