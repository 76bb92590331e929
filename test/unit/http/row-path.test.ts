import fc from 'fast-check';
import { isUploadError, type UploadEntry } from 'powersync-backend-connector';
import { describe, expect, it } from 'vitest';
import { fillPath, joinUrl } from '../../../src/http/row-path.ts';

const entry = (id: string, changes: Partial<UploadEntry> = {}): UploadEntry => ({
  clientId: 1,
  op: 'PATCH',
  table: 'todos',
  id,
  ...changes,
});

describe('fillPath()', () => {
  it.each([
    ['/{table}/{id}', entry('a b'), '/todos/a%20b'],
    ['/{table}/{id}', entry('a/b?c#d'), '/todos/a%2Fb%3Fc%23d'],
    ['/{table}/{id}', entry('../lists/1'), '/todos/..%2Flists%2F1'],
    ['/{table}/{id}', entry('100%'), '/todos/100%25'],
    ['/{table}/{id}', entry('a\nb\r\n'), '/todos/a%0Ab%0D%0A'],
    ['/{table}/{id}', entry('ключ🔑'), '/todos/%D0%BA%D0%BB%D1%8E%D1%87%F0%9F%94%91'],
    ['/{table}/{id}', entry('a', { table: 'my/table' }), '/my%2Ftable/a'],
    ['/{table}/{id}.json', entry('.'), '/todos/..json'],
    ['/todos?id={id}', entry('..'), '/todos?id=..'],
    ['/lists/{list_id}/todos/{id}', entry('a', { opData: { list_id: 7 } }), '/lists/7/todos/a'],
    ['/lists/{list_id}/todos/{id}', entry('a', { previousValues: { list_id: 'l' } }), '/lists/l/todos/a'],
    ['/{id}', entry('{table}'), '/%7Btable%7D'],
    // Messages of platforms quote urls: these characters would end the url there.
    ["/{table}('{id}')", entry("x(y)'z!*"), "/todos('x%28y%29%27z%21%2a')"],
  ])('%s, %o', (template, of, path) => {
    expect(fillPath(template, of)).toBe(path);
  });

  it.each([
    ['.', '/{table}/{id}'],
    ['..', '/{table}/{id}'],
    ['.', '/{table}/{id}{id}'],
    ['', '/{table}/{id}'],
    ['\ud800', '/{table}/{id}'],
  ])('refuses the id %j in %s', (id, template) => {
    const fill = () => fillPath(template, entry(id));
    expect(fill).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it('keeps an entry whose path needs a column that it does not carry, and says which', () => {
    const fill = () => fillPath('/lists/{list_id}/todos/{id}', entry('a', { opData: { list_id: null } }));
    expect(fill).toThrow(/\[misconfigured\].*"todos".*"list_id"/);
  });

  it('never leads to the path of another row', () => {
    const base = 'https://api.test/v1';
    const parts = fc.array(
      fc.constantFrom('.', '..', '/', '%2e', '%2F', '\\', '?', '#', '\n', '\t', 'x', '{id}'),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          parts.map((list) => list.join('')),
        ),
        (id) => {
          let url: URL;
          try {
            url = new URL(joinUrl(base, fillPath('/{table}/{id}', entry(id))));
          } catch (error) {
            expect(isUploadError(error)).toBe(true);
            return;
          }
          const [, version, table, segment, ...more] = url.pathname.split('/');
          expect([version, table, more]).toEqual(['v1', 'todos', []]);
          expect(decodeURIComponent(segment ?? '')).toBe(id);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('joinUrl()', () => {
  it.each([
    ['https://api.test', '/todos/1', 'https://api.test/todos/1'],
    ['https://api.test/v1/', '/todos/1', 'https://api.test/v1/todos/1'],
    ['https://api.test/v1', 'todos/1', 'https://api.test/v1/todos/1'],
    ['https://api.test/v1?key=k', '/todos/1', 'https://api.test/v1/todos/1?key=k'],
    ['https://api.test/v1?key=k#top', '/todos?id=1', 'https://api.test/v1/todos?id=1&key=k'],
    ['/api', '/todos/1', '/api/todos/1'],
  ])('%s, %s', (base, path, url) => {
    expect(joinUrl(base, path)).toBe(url);
  });
});
