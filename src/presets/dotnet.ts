import { batchTransport } from './contract.ts';
import { BATCH_COMPLETED } from './nodejs.ts';
import { putNeedsColumns } from './prepare-entries.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link dotnet}. */
export interface DotnetOptions extends PresetOptions {
  /** Whom the token is for. */
  readonly userId: UserId;
  /** The most transactions in one request, which is applied as a whole. Default 1. */
  readonly maxTransactions?: number | undefined;
}

/**
 * The .NET demo (`powersync-dotnet-backend-demo`): `POST /api/data`, tokens from `/api/auth/token`.
 *
 * - It answers 400 to everything, as {@link nodejs}, and is read by the same words; 400 with a list of `errors` is a
 *   refusal of the request's form, and rejected.
 * - A new row without any column but its id is an error to it, and rejected before it is sent: have one column filled, or
 *   use the transform `fillNulls()`.
 * - A PUT overwrites every column of the table, with null what isn't given: defaults of the database are lost.
 *
 * Atomic, and a replay does no harm. CORS allows every header.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
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
