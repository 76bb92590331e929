import { batchEndpoint } from '../http/batch-endpoint.ts';
import { joinUrl } from '../http/row-path.ts';
import { isSuccess, notTheContract } from '../outcome/http-answer.ts';
import { prepareEntries } from './prepare-entries.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { allApplied, batchRefusalByWords } from './refusal.ts';
import { getToken, type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link cloudcode}. */
export interface CloudcodeOptions extends PresetOptions {
  /** Whom the token is for. */
  readonly userId: UserId;
}

/** Statuses that may mean an outage as well as a fault of the write. */
const AMBIGUOUS = [400, 403, 409, 422, 500];

/**
 * PowerSync's CloudCode template: `POST /upload`, tokens from `/token`.
 *
 * The template isn't public, and its documentation tells the body and the 200 only. So a 2xx that isn't a web page is
 * applied, and a refusal is told apart by its text: an outage is retried, a violated constraint rejected, anything else
 * retried and rejected after ten tries over ten minutes or more. Whether it is atomic and takes a replay isn't known.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { cloudcode } from 'powersync-backend-connector/presets';
 *
 * const connector = new BackendConnector({
 *   endpoint: 'https://example.powersync.journeyapps.com',
 *   ...cloudcode({ url: 'https://example.poweredbyjourney.com', userId: 'user-1' }),
 * });
 * ```
 */
export function cloudcode(options: CloudcodeOptions): Preset {
  const { userId, ...others } = options;
  const { url, http } = setUp('cloudcode', others);
  const transport = batchEndpoint({
    ...http,
    url: joinUrl(url, '/upload'),
    encode: ({ transactions }) => ({
      batch: transactions.flatMap(({ entries }) =>
        entries.map(({ op, table, id, opData }) => ({
          op,
          table,
          id,
          data: op === 'DELETE' ? undefined : (opData ?? {}),
        })),
      ),
    }),
    decode(answer, batch) {
      const { status, text, json } = answer;
      const isPage = /^\s*</.test(text);
      if (isSuccess(answer)) {
        if (!isPage) return allApplied(batch);
        throw notTheContract(status, 'a web page');
      }
      if (isPage || !AMBIGUOUS.includes(status)) return undefined;
      return batchRefusalByWords(answer, json?.message ?? json?.error ?? text, batch);
    },
  });
  return {
    transport: prepareEntries(transport),
    credentials: userToken('cloudcode', url, http, userId, (id) => getToken('/token', id)),
  };
}
