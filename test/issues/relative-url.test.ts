import { writeApi } from 'powersync-backend-connector/http';
import { afterEach, expect, it, vi } from 'vitest';

// In a browser a relative url is one of the page; the answer's absolute url was once taken for a redirect elsewhere.

const batch = {
  transactions: [{ key: 'k', entries: [{ clientId: 1, op: 'DELETE', table: 'todos', id: 'a' }] }],
};
const context = {
  signal: new AbortController().signal,
  attempt: 1,
  clientId: 'client',
  token: async () => 'token',
};

/** A ky that answers from the given url, as a browser's fetch would. */
function answeringFrom(url: string) {
  const response = Response.json({ results: [{ status: 'success' }] });
  Object.defineProperty(response, 'url', { value: url });
  return async () => response;
}

afterEach(() => vi.unstubAllGlobals());

it('a relative url works in a page', async () => {
  vi.stubGlobal('location', { href: 'https://app.test/lists/1' });
  const transport = writeApi({ url: '/api/data', ky: answeringFrom('https://app.test/api/data') });
  expect(await transport(batch, context)).toEqual([{ status: 'applied' }]);
});

it('and is still kept from being answered by another origin', async () => {
  vi.stubGlobal('location', { href: 'https://app.test/lists/1' });
  const transport = writeApi({ url: '/api/data', ky: answeringFrom('https://portal.test/login') });
  await expect(transport(batch, context)).rejects.toMatchObject({ code: 'misconfigured' });
});
