import { batchTransport, wordsIn } from './contract.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link nextjs}. */
export interface NextjsOptions extends PresetOptions {
  /** Whom the token is for. */
  readonly userId: UserId;
  /** The most transactions in one request, which is applied as a whole. Default 1. */
  readonly maxTransactions?: number | undefined;
}

/**
 * The Next.js example (`example-nextjs`): `POST /api/data` with the PowerSync token, tokens from `/api/auth/token`.
 *
 * In a page of the same app, `url` may be `'/'`. It answers 500 to everything: what its text tells to be an outage is
 * retried, what it tells to be a violated constraint is rejected; anything else is retried, and rejected after ten tries
 * over ten minutes or more. Atomic, and a replay does no harm.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { nextjs } from 'powersync-backend-connector/presets';
 *
 * declare const session: { userId: string | null };
 * const connector = new BackendConnector({
 *   endpoint: 'http://localhost:8080',
 *   ...nextjs({ url: '/', userId: () => session.userId }),
 * });
 * ```
 */
export function nextjs(options: NextjsOptions): Preset {
  const { userId, maxTransactions, ...others } = options;
  const { url, http } = setUp('nextjs', { authorization: 'bearer', ...others });
  const transport = batchTransport(
    url,
    { ...http, maxTransactions },
    {
      path: '/api/data',
      isApplied: ({ json }) => json?.status === 'ok',
      words: wordsIn(500, 'error'),
    },
  );
  return { transport, credentials: userToken('nextjs', url, http, userId) };
}
