import { isGateways } from '../contract/gateway.ts';
import { isObject } from '../contract/json.ts';
import { batchTransport, encodeAs } from './contract.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { type UserId, userToken } from './token-endpoint.ts';

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
 * The template isn't public, and its documentation tells the body and the 200 only. So a 2xx that is neither a web page nor
 * an error payload is applied, and a refusal is told apart by its text: an outage is retried, a violated constraint rejected, anything else
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
  const transport = batchTransport(url, http, {
    path: '/upload',
    encode: encodeAs('batch', 'data'),
    isApplied: ({ text }) => !isPage(text),
    words(answer) {
      const { status, text, json } = answer;
      const isElsewhere =
        isPage(text) || (status === 403 && isGateways(answer, isObject(json) ? json : { message: text }));
      return AMBIGUOUS.includes(status) && !isElsewhere ? (json?.message ?? json?.error ?? text) : undefined;
    },
  });
  return { transport, credentials: userToken('cloudcode', url, http, userId, '/token?user_id=') };
}

function isPage(text: string): boolean {
  return /^\s*</.test(text);
}
