import { isObject } from '../contract/json.ts';
import type { UploadErrorCode } from '../error/codes.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Transport } from '../transport/transport.ts';
import { batchTransport, encodeAs, LIMIT_OF_EXPRESS, wordsIn } from './contract.ts';
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
  /**
   * Most bytes of one request body. Keep it below the limit of `express.json()` in the backend, which is 102,400 bytes
   * by default. A single larger transaction is sent anyway.
   *
   * @default 100_000
   */
  readonly maxBodyBytes?: number | undefined;
}

/**
 * Preset for the backend of PowerSync's agent skills (`agent-skills`, custom-backend.md): `POST /api/powersync/upload`,
 * tokens from `/api/auth/token`.
 *
 * - The backend answers 200 with `success: false` to every error inside its database transaction, even a deadlock. The
 *   preset reads the error text: an outage is retried, a violated constraint is rejected, an unknown table or column is
 *   held. Anything else is tried at least ten times over ten minutes, then rejected.
 * - It writes names of columns without quotes. So a name with a capital letter, such as `createdAt`, is an unknown column
 *   to it, and a reserved word, such as `order`, is rejected after ten minutes. Quote the names in the backend.
 * - It refuses a body above 100 kB, so such a transaction is rejected as `too_large`. See `maxBodyBytes`.
 * - A PATCH of a row that is gone counts as applied, so its columns are lost.
 * - The backend fails on a new row without columns other than the id, so such a row is rejected before it is sent. Fill
 *   a column, or use the transform `fillNulls()`.
 * - While its database can't be reached, the backend answers 500 or not at all: retried.
 * - It has no CORS set-up. Transactions are atomic. A repeated write makes no second row, but may undo a later change.
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
  const { userId, maxTransactions, maxBodyBytes, ...others } = options;
  const { url, http } = setUp('agentSkills', { authorization: 'bearer', ...others });
  const transport = skillsTransport(
    url,
    { ...http, maxTransactions, maxBodyBytes },
    putNeedsColumns,
    LIMIT_OF_EXPRESS,
  );
  return { transport, credentials: userToken('agentSkills', url, http, userId) };
}

/** Makes the transport for this contract, which other backends have, too. */
export function skillsTransport(
  url: string,
  options: Parameters<typeof batchTransport>[1],
  check: (entry: UploadEntry) => void,
  limit?: string,
): Transport {
  return batchTransport(url, options, {
    path: '/api/powersync/upload',
    encode: encodeAs('operations', 'opData'),
    check,
    limit,
    isApplied: ({ json }) => json?.success === true,
    words: (answer) => (answer.json?.success === false ? wordsIn(200, 'error')(answer) : undefined),
    codeOf: codeFromZod,
  });
}

/** Reads what zod has against the operations, from its `flatten()`. That is about the row, unless they didn't arrive. */
function codeFromZod(error: unknown): UploadErrorCode | undefined {
  const problems: unknown =
    isObject(error) && isObject(error.fieldErrors) ? error.fieldErrors.operations : [];
  const words = Array.isArray(problems) ? problems.join('\n') : '';
  // Operations are sent in a form that it accepts, so an option that it doesn't have is a table.
  if (/^invalid (option|enum value)/im.test(words)) return 'schema_mismatch';
  // zod 3 says "Required" of what is missing, and each operation is sent with all that it needs.
  return words === '' || /expected array|^required$/im.test(words) ? undefined : 'invalid';
}
