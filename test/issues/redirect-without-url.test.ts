import { writeApi } from 'powersync-backend-connector/http';
import { afterEach, expect, it, vi } from 'vitest';

// React Native's URL appends: the base's path stayed in front of a redirect's, and 0.76 put a slash behind the address.

const batch = {
  transactions: [{ key: 'k', entries: [{ clientId: 1, op: 'DELETE', table: 'todos', id: 'a' }] }],
};
const context = {
  signal: new AbortController().signal,
  attempt: 1,
  clientId: 'client',
  token: async () => 'token',
};

afterEach(() => vi.unstubAllGlobals());

it.each(['/v2/data', 'https://api.test/v2/data'])('a redirect to %s is followed there', async (location) => {
  const URL = vi.fn(function (this: { href: string }, path: string, base = '') {
    this.href = `${base}${path}/`;
  });
  vi.stubGlobal('URL', URL);
  const asked: string[] = [];
  const ky = async (url: string) => {
    asked.push(url);
    return asked.length === 1
      ? new Response(null, { status: 308, headers: { location } })
      : new Response('{"results":[{"status":"success"}]}');
  };
  const transport = writeApi({ url: 'https://api.test/v1/data', ky });
  expect(await transport(batch, context)).toEqual([{ status: 'applied' }]);
  expect(asked).toEqual(['https://api.test/v1/data', 'https://api.test/v2/data']);
  expect(URL).not.toHaveBeenCalled();
});
