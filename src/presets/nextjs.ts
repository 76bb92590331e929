import { batchTransport, wordsIn } from './contract.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link nextjs}. */
export interface NextjsOptions extends PresetOptions {
  /** Id of the user that tokens are for. */
  readonly userId: UserId;
  /**
   * Most transactions in one request. The backend applies a request as a whole.
   *
   * @default 1
   */
  readonly maxTransactions?: number | undefined;
}

/**
 * Preset for the Next.js example (`example-nextjs`): `POST /api/data` with the PowerSync token, tokens from
 * `/api/auth/token`. In a page of the same app, `url` may be `'/'`.
 *
 * - The backend answers 500 to every error. The preset reads the error text: an outage is retried, a violated
 *   constraint is rejected, an unknown table or column is held. Anything else is tried at least ten times over ten
 *   minutes, then rejected.
 * - A PATCH of a row that is gone counts as applied, so its columns are lost.
 * - Transactions are atomic. A repeated write makes no second row, but may undo a later change.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
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
