import { UploadError } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { afterEach, expect, it, vi } from 'vitest';

// Expo's fetch took React Native's Request, which has no `redirect`, so it carried rows wherever a redirect led; and its
// errors are plain ones, so a phone without a network was `unknown`.

const batch = {
  transactions: [{ key: 'k', entries: [{ clientId: 1, op: 'DELETE', table: 'todos', id: 'a' }] }],
};
const context = {
  signal: new AbortController().signal,
  attempt: 1,
  clientId: 'client',
  token: async () => 'token',
};

/** Follows a redirect unless its second argument says otherwise. */
const expoFetch = vi.fn(async (_: unknown, init?: RequestInit) =>
  init?.redirect === 'manual'
    ? new Response(null, { status: 307, headers: { location: 'https://portal.test/' } })
    : Object.defineProperty(new Response('{}'), 'url', { value: 'https://portal.test/' }),
);

afterEach(() => vi.unstubAllGlobals());

it.each([
  ['of the platform', undefined],
  ['that is given', expoFetch],
])('redirects are not left to the fetch %s', async (_, fetch) => {
  vi.stubGlobal('fetch', expoFetch);
  const upload = writeApi({ url: 'https://api.test/', fetch })(batch, context);
  await expect(upload).rejects.toMatchObject({ code: 'misconfigured', status: 307 });
});

it('a ky of your own keeps its fetch', async () => {
  const ky = vi.fn(async () => new Response('{"results":[{"status":"success"}]}'));
  await writeApi({ url: 'https://api.test/', ky })(batch, context);
  expect(ky).toHaveBeenCalledWith(
    'https://api.test/',
    expect.not.objectContaining({ fetch: expect.anything() }),
  );
});

it('its failure is network', () => {
  class FetchError extends Error {}
  const thrown = new FetchError('fetch failed: Unable to resolve host "api.example.com"');
  expect(UploadError.from(thrown)).toMatchObject({ code: 'network', cause: thrown });
});
