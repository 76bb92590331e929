import { batchTransport } from './contract.ts';
import { BATCH_COMPLETED } from './nodejs.ts';
import { putNeedsColumns } from './prepare-entries.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link dotnet}. */
export interface DotnetOptions extends PresetOptions {
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
 * Preset for the .NET demo (`powersync-dotnet-backend-demo`): `POST /api/data`, tokens from `/api/auth/token`.
 *
 * - The backend answers 400 to every error. The preset reads the error text: an outage is retried, a violated
 *   constraint is rejected, an unknown table or column is held. Anything else is tried at least ten times over ten
 *   minutes, then rejected. 400 with a list of `errors` means that the form of the request is wrong: rejected.
 * - The backend fails on a new row without columns other than the id, so such a row is rejected before it is sent. Fill
 *   a column, or use the transform `fillNulls()`.
 * - In a new row, columns that the PUT doesn't have become null, so database defaults are lost.
 * - It writes names of tables and columns without quotes. So a name with a capital letter, such as `createdAt`, is unknown
 *   to it, and a reserved word, such as `order`, is rejected after ten minutes. Quote the names in the backend.
 * - Transactions are atomic. A repeated write makes no second row, but may undo a later change. A PATCH of a row that is
 *   gone counts as applied, so its columns are lost. Its CORS set-up allows every header.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { dotnet } from 'powersync-backend-connector/presets';
 *
 * const connector = new BackendConnector({
 *   endpoint: 'http://localhost:8080',
 *   ...dotnet({ url: 'http://localhost:5000', userId: 'user-1' }),
 * });
 * ```
 */
export function dotnet(options: DotnetOptions): Preset {
  const { userId, maxTransactions, ...others } = options;
  const { url, http } = setUp('dotnet', others);
  const transport = batchTransport(
    url,
    { ...http, maxTransactions },
    {
      ...BATCH_COMPLETED,
      check: putNeedsColumns,
      // A list of errors (ProblemDetails) is `invalid` by its status.
      words: (answer) => (answer.json?.errors ? undefined : BATCH_COMPLETED.words(answer)),
    },
  );
  return { transport, credentials: userToken('dotnet', url, http, userId) };
}
