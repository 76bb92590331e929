import { UploadError } from 'powersync-backend-connector';
import { expect, it } from 'vitest';

// What platforms say of a broken connection was `unknown`: kept, but not tried again as soon as the device is online, and an
// app can't tell its user. The words are those that were seen in their sources and in bug reports.

const coded = (error: Error, code: string) => Object.assign(error, { code });
const named = (name: string, message: string) => Object.assign(new Error(message), { name });

it.each<[string, unknown]>([
  ['Cloudflare Workers', new Error('Network connection lost.')],
  ['Cloudflare Workers', new TypeError('Network connection lost.')],
  ['Cloudflare Workers, a host that is not found', new Error('internal error; reference = 7q0h2m5')],
  ['Cloudflare Workers', new Error('internal error')],
  ['Electron', new Error('net::ERR_INTERNET_DISCONNECTED')],
  ['Electron', new Error('net::ERR_CONNECTION_RESET')],
  ['Nitro on Android', new Error('Exception in CronetUrlRequest: net::ERR_NAME_NOT_RESOLVED, ErrorCode=1')],
  ['Nitro on iOS', new Error('Error Domain=NSURLErrorDomain Code=-1009 "(null)"')],
  [
    'Capacitor on Android',
    coded(new Error('Unable to resolve host "api.test": No address'), 'UnknownHostException'),
  ],
  [
    'Capacitor on Android',
    coded(new Error('failed to connect to api.test/10.0.0.1 (port 443)'), 'ConnectException'),
  ],
  ['Capacitor on Android', coded(new Error('timeout'), 'SocketTimeoutException')],
  ['Capacitor on Android, by the class alone', { message: 'x', code: 'java.net.SocketException' }],
  ['Capacitor on iOS', coded(new Error('Die Internetverbindung ist offline.'), 'NSURLErrorDomain')],
  ['Capacitor on iOS, by the words alone', new Error('The request timed out.')],
  [
    'Capacitor on iOS, by the words alone',
    new Error('A server with the specified hostname could not be found.'),
  ],
  ['Android, as the network changes', new Error('Software caused connection abort')],
  ['OkHttp', new Error('unexpected end of stream on https://api.test/...')],
  ['Safari', new TypeError('The network connection was lost.')],
  ['Safari', new TypeError('The Internet connection appears to be offline.')],
  ['undici', coded(named('SocketError', 'other side closed'), 'UND_ERR_SOCKET')],
  ['undici', coded(named('ConnectTimeoutError', 'Connect Timeout Error'), 'UND_ERR_CONNECT_TIMEOUT')],
  ['undici, by the cause', new Error('x', { cause: new TypeError('fetch failed') })],
  ['Node', coded(new Error('socket hang up'), 'ECONNRESET')],
  [
    'Node, by the cause of the cause',
    new Error('x', { cause: new Error('y', { cause: coded(new Error('z'), 'ECONNREFUSED') }) }),
  ],
  ['Bun', coded(new Error('Unable to connect'), 'ConnectionRefused')],
  ['Tauri, which throws a text', 'error sending request for url (https://api.test/todos)'],
  ['Tauri', new Error('error sending request for url (https://api.test/todos)')],
  ['axios', coded(named('AxiosError', 'Network Error'), 'ERR_NETWORK')],
  ['a promise of fetch in a wrapper of the app', { name: 'AppError', cause: { message: 'Failed to fetch' } }],
])('%s: %s', (_, thrown) => {
  expect(UploadError.from(thrown).code).toBe('network');
});

it('the time-out and the abort of axios', () => {
  expect(
    UploadError.from(coded(named('AxiosError', 'timeout of 1000ms exceeded'), 'ECONNABORTED')).code,
  ).toBe('timeout');
  expect(UploadError.from(coded(named('CanceledError', 'canceled'), 'ERR_CANCELED')).code).toBe('aborted');
});

it.each([
  coded(new Error('no such file'), 'ENOENT'),
  coded(new TypeError('Invalid URL'), 'ERR_INVALID_URL'),
  coded(new Error('invalid argument'), 'UND_ERR_INVALID_ARG'),
  new Error('the network was not configured'),
  new Error('Cannot read properties of undefined'),
  new SyntaxError('internal errors are no JSON'),
  coded(new Error('x'), 'ValidationException'),
])('%s stays unknown', (thrown) => {
  expect(UploadError.from(thrown).code).toBe('unknown');
});

it('a cycle of causes ends', () => {
  const thrown: Error & { cause?: unknown } = new Error('x');
  thrown.cause = thrown;
  expect(UploadError.from(thrown).code).toBe('unknown');
});

it.each([
  new Error('Network connection lost.'),
  new Error('net::ERR_INTERNET_DISCONNECTED'),
  new TypeError('Failed to fetch'),
  coded(new Error('connect ECONNREFUSED 10.0.0.1:443'), 'ECONNREFUSED'),
])('%s keeps its words: they are no row', (thrown) => {
  expect(UploadError.from(thrown).cause?.message).toBe(thrown.message);
});
