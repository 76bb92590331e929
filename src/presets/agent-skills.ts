import { batchTransport, encodeAs, wordsIn } from './contract.ts';
import { putNeedsColumns } from './prepare-entries.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link agentSkills}. */
export interface AgentSkillsOptions extends PresetOptions {
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
 * Preset for the backend of PowerSync's agent skills (`agent-skills`, custom-backend.md): `POST /api/powersync/upload`,
 * tokens from `/api/auth/token`.
 *
 * - The backend answers 200 with `success: false` to every error inside its database transaction, even a deadlock. The
 *   preset reads the error text: an outage is retried, a violated constraint is rejected, an unknown table or column is
 *   held. Anything else is tried at least ten times over ten minutes, then rejected.
 * - The backend fails on a new row without columns other than the id, so such a row is rejected before it is sent. Fill
 *   a column, or use the transform `fillNulls()`.
 * - While its database can't be reached, the backend answers 500 or not at all: retried.
 * - It has no CORS set-up. Transactions are atomic, and a repeated write does no harm.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { agentSkills } from 'powersync-backend-connector/presets';
 *
 * const connector = new BackendConnector({
 *   endpoint: 'http://localhost:8080',
 *   ...agentSkills({ url: 'http://localhost:3001', userId: 'user-1' }),
 * });
 * ```
 */
export function agentSkills(options: AgentSkillsOptions): Preset {
  const { userId, maxTransactions, ...others } = options;
  const { url, http } = setUp('agentSkills', { authorization: 'bearer', ...others });
  const transport = batchTransport(
    url,
    { ...http, maxTransactions },
    {
      path: '/api/powersync/upload',
      encode: encodeAs('operations', 'opData'),
      check: putNeedsColumns,
      isApplied: ({ json }) => json?.success === true,
      words: (answer) => (answer.json?.success === false ? wordsIn(200, 'error')(answer) : undefined),
    },
  );
  return { transport, credentials: userToken('agentSkills', url, http, userId) };
}
