import { optionChecks } from '../check-options.ts';
import { json, message } from './mock/answers.ts';
import { createMockBackend } from './mock/backend.ts';
import type { MockContract } from './mock/contract.ts';
import { encodeJwt } from './mock/encode-jwt.ts';
import type { MockEndpoint } from './mock/mock.ts';
import { type MockOptions, resolveMockOptions } from './mock/options.ts';

/** Options of {@link mockTokenEndpoint}. */
export interface MockTokenEndpointOptions extends Pick<MockOptions, 'url' | 'clock'> {
  /**
   * URL of the PowerSync Service: `powersync_url` in the answer.
   *
   * @default 'https://powersync.test'
   */
  readonly endpoint?: string | undefined;
  /**
   * Id of the user (`sub`) in the tokens. A request with `user_id` in its query gets a token for that user instead.
   *
   * @default 'user'
   */
  readonly userId?: string | undefined;
  /**
   * Lifetime of a token, in milliseconds.
   *
   * @default 300_000 (5 minutes)
   */
  readonly lifetimeMs?: number | undefined;
  /**
   * More claims of the tokens. They replace those that the mock sets, such as `sub`.
   *
   * @default {}
   */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

/** What {@link mockTokenEndpoint} returns. */
export interface MockTokenEndpoint extends MockEndpoint {
  /** The tokens that were issued, in order, including those whose answer was lost. */
  readonly tokens: readonly string[];
}

/**
 * A mock of the route from which `credentials` gets its tokens. It answers a `GET` with `{ token, powersync_url }`.
 * Each token is a new JWT that expires. It has no signature, so no real backend accepts it.
 *
 * @throws TypeError if an option is missing, misspelt or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { mockTokenEndpoint } from 'powersync-backend-connector/testing';
 *
 * const auth = mockTokenEndpoint({ url: 'https://api.example.com/api/auth/token', lifetimeMs: 60_000 });
 *
 * export const credentials = async () => {
 *   const response = await auth.fetch(auth.url);
 *   return { token: (await response.json()).token };
 * };
 * ```
 */
export function mockTokenEndpoint(options: MockTokenEndpointOptions): MockTokenEndpoint {
  const {
    endpoint = 'https://powersync.test',
    userId = 'user',
    lifetimeMs = 300_000,
    claims = {},
    ...others
  } = options;
  const { wrong, number, object } = optionChecks('mockTokenEndpoint');
  if (typeof endpoint !== 'string') wrong('endpoint', 'a URL', endpoint);
  if (typeof userId !== 'string') wrong('userId', 'a text', userId);
  number('lifetimeMs', lifetimeMs, 0);
  object('claims', claims);
  const { url, clock, ...unknown } = others;
  optionChecks('mockTokenEndpoint').noOthers('', unknown);
  const resolved = resolveMockOptions('mockTokenEndpoint', { url, clock, authorization: 'none' });
  const tokens: string[] = [];
  let issued = 0; // never reset, so that all tokens differ

  function issue(path: string): string {
    const asked = /[?&]user_id=([^&]*)/.exec(path)?.[1];
    const seconds = (ms: number): number => Math.floor(ms / 1000);
    const now = resolved.clock();
    const token = encodeJwt({
      sub: asked === undefined ? userId : decodeURIComponent(asked),
      iat: seconds(now),
      exp: seconds(now + lifetimeMs),
      jti: `token-${++issued}`,
      ...claims,
    });
    tokens.push(token);
    return token;
  }

  const contract: MockContract = {
    who: 'mockTokenEndpoint',
    unit: 'request',
    refusal: message,
    read: ({ method }) => (method === 'GET' ? [] : message(404, `Cannot ${method} here`)),
    answer: ({ request }) => json(200, { token: issue(request.path), powersync_url: endpoint }),
  };
  const backend = createMockBackend(contract, resolved);
  const { reset } = backend;
  return Object.assign(backend, {
    tokens,
    reset() {
      tokens.length = 0;
      reset();
    },
  });
}
