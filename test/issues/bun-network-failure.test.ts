import { UploadError } from 'powersync-backend-connector';
import { expect, it } from 'vitest';

// Bun names a failed fetch by the system's code, so it was `unknown`: not tried again as soon as the device is online.

const thrown = (code: string, message: string) => Object.assign(new TypeError(message), { code });

it.each([
  thrown('ENOTFOUND', 'getaddrinfo ENOTFOUND api.example.com'),
  thrown('EAI_AGAIN', 'getaddrinfo EAI_AGAIN api.example.com'),
])('$message', (error) => {
  expect(UploadError.from(error)).toMatchObject({ code: 'network', cause: error });
});

it.each([
  thrown('ECONNREFUSED', 'ECONNREFUSED: Unable to connect. Is the computer able to access the url?'),
  thrown('ECONNRESET', 'ECONNRESET: The socket connection was closed unexpectedly.'),
])('$message: the code says it', (error) => {
  expect(UploadError.from(error)).toMatchObject({ code: 'network', cause: { message: error.code } });
});

it('a programming error stays unknown', () => {
  expect(UploadError.from(thrown('ERR_INVALID_URL', 'Invalid URL')).code).toBe('unknown');
  expect(UploadError.from(new TypeError('undefined is not a function')).code).toBe('unknown');
});
