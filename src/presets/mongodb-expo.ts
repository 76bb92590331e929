import { notTheContract } from '../contract/http-answer.ts';
import { UploadError } from '../error/upload-error.ts';
import { operation, rowTransport, wordsIn } from './contract.ts';
import { checkSwitch, type Preset, type PresetOptions, setUp } from './preset.ts';
import { fixedToken } from './token-endpoint.ts';

/** Options of {@link mongodbExpo}. */
export interface MongodbExpoOptions extends PresetOptions {
  /** Whether the id travels inside `data`, as in the mbnb demo, which also stores it as a field. Default false. */
  readonly idInData?: boolean | undefined;
}

/**
 * The MongoDB demos `powersync-react-native-expo-nodejs-mongodb-self-host` and, with `idInData: true`,
 * `powersync-react-native-mongodb-mbnb`: one operation per request to `/api/upload_data`, tokens for the fixed user
 * "UserID" from `/api/auth/token`.
 *
 * - Ids must be those of MongoDB, 24 hexadecimal digits; another one is rejected before it is sent. Make them so on the
 *   client.
 * - It answers 500 without a word to everything else, an outage too: retried, and rejected after ten tries over ten
 *   minutes or more.
 * - It answers a write that was applied with an empty body.
 * - A PATCH of a missing row is answered as if it were applied. Not atomic. Replays do no harm.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { mongodbExpo } from 'powersync-backend-connector/presets';
 *
 * const connector = new BackendConnector({
 *   endpoint: 'http://localhost:8080',
 *   ...mongodbExpo({ url: 'http://localhost:6060' }),
 * });
 * ```
 */
export function mongodbExpo(options: MongodbExpoOptions): Preset {
  const { idInData = false, ...others } = options;
  const { url, http } = setUp('mongodbExpo', others);
  checkSwitch('mongodbExpo', 'idInData', idInData);
  const words = wordsIn(500, 'message');
  const transport = rowTransport(url, http, {
    path: '/api/upload_data',
    body(entry) {
      const { op, table, id, opData } = entry;
      if (!/^[0-9a-f]{24}$/i.test(id))
        throw new UploadError('invalid', `MongoDB takes no id of "${table}" but 24 hexadecimal digits.`);
      return idInData ? operation(entry) : { table, id, ...(op !== 'DELETE' && { data: { ...opData } }) };
    },
    isApplied: ({ text }) => text === '',
    words(answer) {
      if (answer.status === 400) throw notTheContract(400, 'one to a request without a body');
      return words(answer);
    },
  });
  return { transport, credentials: fixedToken(url, http, '/api/auth/token') };
}
