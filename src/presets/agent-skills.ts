import { batchTransport, encodeAs, wordsIn } from './contract.ts';
import { putNeedsColumns } from './prepare-entries.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link agentSkills}. */
export interface AgentSkillsOptions extends PresetOptions {
  /** Whom the token is for. */
  readonly userId: UserId;
  /** The most transactions in one request, which is applied as a whole. Default 1. */
  readonly maxTransactions?: number | undefined;
}

/**
 * The backend that PowerSync's agent skills describe (`agent-skills`, custom-backend.md): `POST /api/powersync/upload`,
 * tokens from `/api/auth/token`.
 *
 * - It answers 200 with `success: false` to everything that goes wrong inside its database transaction, a deadlock too.
 *   What its text tells to be an outage is retried, what it tells to be a violated constraint is rejected, and an unknown
 *   table or column is held; anything else is retried, and rejected after ten tries over ten minutes or more.
 * - A new row without any column but its id is an error to it, and rejected before it is sent: have one column filled, or
 *   use the transform `fillNulls()`.
 * - While its database can't be reached it doesn't answer at all, or 500: retried.
 * - It has no CORS set-up. Atomic, and a replay does no harm.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
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
