import { describe, expect, it } from 'vitest';
import { ownError } from '../../../src/error/own-error.ts';
import { presentable } from '../../../src/error/presentable-cause.ts';
import { UploadError } from '../../../src/error/upload-error.ts';

const WITHHELD = 'The message is withheld: it may hold row data.';

/** What is kept of the stack of an error whose words are withheld, without its first line. */
function placesIn(stack: string): string[] | undefined {
  const kept = presentable(Object.assign(new Error('x'), { stack }));
  expect(kept?.message).toBe(WITHHELD);
  return kept?.stack?.split('\n').slice(1);
}

describe('the places in a stack', () => {
  it.each([
    ['V8', '    at save (https://app.test/app.js:10:25)'],
    ['V8, without a name', '    at https://app.test/app.js:10:25'],
    ['V8, of a method', '    at async Uploader.upload [as send] (file:///app.ts:7:1)'],
    ['Hermes', '    at save (address at main.jsbundle:1:51234)'],
    ['Safari and Firefox', 'save@https://app.test/app.js:10:25'],
    ['Safari, without a name', '@app.js:10:25'],
    ['one without a column', 'save@app.js:10'],
  ])('are kept as %s writes them', (_, line) => {
    expect(placesIn(`Error: x\n${line}\nSECRET`)).toEqual([line]);
  });

  it.each([
    'SECRET at app.js:10:25',
    'a row of save@app.js:10:25',
    '    at app.js:10:25, SECRET',
    'save@app.js:10:25 SECRET',
    '    at SECRET',
    'SECRET@example.com',
    'SECRET@:1:1:',
    '    at save (app.js:ten)',
    'SECRET:10:25',
    '',
  ])('are none in the line %j, which may be a row', (line) => {
    expect(placesIn(`Error: x\n${line}`)).toEqual([]);
  });

  it('leave out what is a line of the message, or too long to be a place', () => {
    const cause = new Error('x\nat SECRET:1:1');
    cause.stack = `Error: x\n  at SECRET:1:1 \n  at save:1:1\n  at ${'SECRET '.repeat(200)}:1:1`;
    expect(presentable(cause)?.stack).toBe(`Error: ${WITHHELD}\n  at save:1:1`);
  });

  it('are found in no time, whatever the stack is', () => {
    const startedAt = performance.now();
    expect(placesIn('@'.repeat(300_000))).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe('what is kept of a cause', () => {
  it('is its name, unless that may be data as well', () => {
    const named = (name: string) => presentable(Object.assign(new Error('x'), { name }))?.name;
    expect(named('DOMException')).toBe('DOMException');
    expect(named('_RowError')).toBe('_RowError');
    for (const name of ['app.RowError', 'row of SECRET', 'SECRET!', '', 'x'.repeat(65)])
      expect(named(name)).toBe('Error');
  });

  it('is a chain with an end, where causes go in a circle', () => {
    const cause = new Error('x');
    cause.cause = cause;
    let count = 0;
    for (let each: unknown = presentable(cause); each instanceof Error; each = each.cause) count++;
    expect(count).toBe(10);
  });

  it('is the first 1,000 characters of a long message that is known', () => {
    expect(presentable(ownError('x'.repeat(5_000)))?.message).toBe('x'.repeat(1_000));
  });

  it('is the very error where undici marked it, and a copy where a symbol holds anything else', () => {
    const marked = (mark: unknown) =>
      Object.assign(new TypeError('fetch failed'), { [Symbol('mark')]: mark });
    const ofUndici = marked(true);
    expect(presentable(ofUndici)).toBe(ofUndici);
    for (const mark of [{ row: 'SECRET' }, 'SECRET', 7, undefined, null]) {
      const kept = presentable(marked(mark));
      expect(kept?.message).toBe('fetch failed');
      expect(Reflect.ownKeys(kept ?? {}).filter((key) => typeof key === 'symbol')).toEqual([]);
    }
  });

  it('is an upload error, and nothing of what is no error', () => {
    const error = new UploadError('invalid', 'No.');
    expect(presentable(error)).toBe(error);
    for (const cause of ['text', null, undefined, { name: 'Error', message: 'x' }])
      expect(presentable(cause)).toBeUndefined();
  });

  it.each(['AbortError', 'TimeoutError'])('is what a platform says of an %s, and no app’s words', (name) => {
    const words = (message: string, called = name) =>
      presentable(Object.assign(new Error(message), { name: called }))?.message;
    expect(words('The operation was aborted due to timeout')).toBe(
      'The operation was aborted due to timeout',
    );
    expect(words('signal is aborted without reason')).toBe('signal is aborted without reason');
    expect(words('The upload of SECRET was aborted')).toBe(WITHHELD);
    expect(words('Timeout', `App${name}`)).toBe(WITHHELD);
    expect(words('Timeout', `${name}OfApp`)).toBe(WITHHELD);
  });
});

describe('what is shown of a message', () => {
  const shown = (error: Error): string | undefined => presentable(error)?.message;

  it.each([
    ['https://ann:secret@api.test:8080/rows?key=1', 'https://api.test:8080/'],
    ['https://ann:se:cr@et@api.test/rows', 'https://api.test/'],
    ['https://@api.test/rows', 'https://api.test/'],
    ['wss://api.test:80/a', 'wss://api.test:80/'],
    ['https://api.test/a@b', 'https://api.test/'],
    ['https://api.test?to=a@b', 'https://api.test'],
    ['https://api.test#a@b', 'https://api.test'],
  ])('of the url %s: %s', (url, rest) => {
    expect(shown(ownError(`Not reached: ${url}`))).toBe(`Not reached: ${rest}`);
  });

  it.each([
    'no such table: todos',
    'no such table: main.todos',
    'no such column: created_at',
    'UNIQUE constraint failed: todos.id',
    'UNIQUE constraint failed: todos.list_id, todos.position',
    'NOT NULL constraint failed: todos.description',
    'CHECK constraint failed',
    'database table is locked',
    'database is locked',
  ])('of SQLite, whole: %s', (words) => {
    expect(shown(new Error(`Row {"name":"Ann"}: ${words} ("Ann")`))).toBe(words);
  });

  it.each([
    'The operation was canceled',
    'The operation was cancelled',
    'signal timed out: GET http://api.test/',
    'The request has been aborted: POST https://api.test:80/',
  ])('of an abort, whole: %s', (words) => {
    expect(shown(Object.assign(new Error(words), { name: 'AbortError', request: 1 }))).toBe(words);
  });

  it.each([
    'unable to resolve host',
    'fetch failed: Unable to resolve host "api.test"',
    'error sending request for url (http://api.test/)',
    'error sending request for url (https://api.test:80/)',
    'getaddrinfo ENOTFOUND api.test',
    'connect ECONNREFUSED 127.0.0.1:80',
    'terminated',
  ])('of a connection, whole: %s', (words) => {
    expect(shown(Object.assign(new Error(words), { request: 1 }))).toBe(words);
  });

  it.each(['terminated by "Ann"', 'getaddrinfo ENOTFOUND for "Ann"', 'connect ECONNREFUSED 127.0.0.1 "Ann"'])(
    'nothing, if there is more behind words that a platform ends with: %s',
    (words) => {
      expect(shown(Object.assign(new Error(words), { request: 1 }))).toContain('withheld');
    },
  );

  it.each([
    'x.java.net.ConnectExceptionOfAnn',
    'Ann: SocketException',
    'SocketOfAnn Exception',
    'ECONNRESET of Ann',
  ])('no code that holds more than a code: %s', (code) => {
    expect(shown(Object.assign(new Error('x'), { code, request: 1 }))).toContain('withheld');
  });

  it.each([
    'java.net.SocketTimeoutException',
    'SSLHandshakeException',
    'SocketException',
    'javax.net.ssl.SSLException',
  ])('a class of Java as code: %s', (code) => {
    expect(shown(Object.assign(new Error('x'), { code, request: 1 }))).toBe(code);
  });

  it('no member whose name only looks like that of a platform', () => {
    for (const member of ['mycode', 'codes', 'portrait', 'airport']) {
      const copy = presentable(Object.assign(new TypeError('fetch failed'), { [member]: 'Ann' }));
      expect(Object.keys(copy ?? {})).toEqual([]);
    }
  });

  it('no name that is not one of a class', () => {
    const copy = presentable(Object.assign(new Error('fetch failed'), { name: 'Ann Lee' }));
    expect([copy?.name, copy?.message]).toEqual(['Error', 'fetch failed']);
  });
});
