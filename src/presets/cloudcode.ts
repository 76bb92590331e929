import { isGateways } from '../contract/gateway.ts';
import { isObject } from '../contract/json.ts';
import { batchTransport, encodeAs } from './contract.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link cloudcode}. */
export interface CloudcodeOptions extends PresetOptions {
  /** Id of the user that tokens are for. */
  readonly userId: UserId;
}

/** Statuses that may mean an outage or a bad write. */
const AMBIGUOUS = [400, 403, 409, 422, 500];

/**
 * Preset for PowerSync's CloudCode template: `POST /upload`, tokens from `/token`.
 *
 * The template isn't public, and its documentation describes only the body and the answer 200. So a 2xx that is neither
 * a web page nor an error payload counts as applied. Of a refusal, the text is read: an outage is retried, a violated
 * constraint is rejected. Anything else is tried at least ten times over ten minutes, then rejected. It is unknown
 * whether transactions are atomic and whether a repeated write does harm.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
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
