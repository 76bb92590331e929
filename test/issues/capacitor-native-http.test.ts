import { rowEndpoints, writeApi } from 'powersync-backend-connector/http';
import { afterEach, expect, it, vi } from 'vitest';

// Capacitor's native HTTP, which takes the place of `fetch`, reads the body of a Request from its `body`. WebViews before
// Chrome 105 have no such member, so requests went out without one.

const batch = {
  transactions: [
    {
      key: 'k',
      entries: [{ clientId: 1, op: 'PUT', table: 'todos', id: 'a', opData: { description: 'x' } }],
    },
  ],
};
const context = {
  signal: new AbortController().signal,
  attempt: 1,
  clientId: 'client',
  token: async () => 'token',
};

class OldRequest extends Request {
  override get body(): null {
    return undefined as unknown as null;
  }
}

const bodies: unknown[] = [];
const nativeFetch = async (input: { body?: unknown }, init?: { body?: unknown }) => {
  bodies.push(init?.body ?? input.body);
  return new Response('{"results":[{"status":"success"}]}');
};

afterEach(() => vi.unstubAllGlobals());

it.each([
  ['that has taken the place of the platform’s', undefined],
  ['that is given', nativeFetch as never],
])('the body is handed over beside a Request that does not show it, to a fetch %s', async (_, fetch) => {
  vi.stubGlobal('Request', OldRequest);
  vi.stubGlobal('fetch', nativeFetch);
  for (const make of [writeApi, rowEndpoints]) await make({ url: 'https://api.test', fetch })(batch, context);
  expect(bodies.splice(0).map((body) => JSON.parse(`${body}`))).toMatchObject([
    { transactions: [{ idempotency_key: 'k' }] },
    { description: 'x' },
  ]);
});
