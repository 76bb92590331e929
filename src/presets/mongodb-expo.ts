import { notTheContract } from '../contract/http-answer.ts';
import { UploadError } from '../error/upload-error.ts';
import { operation, rowTransport, wordsIn } from './contract.ts';
import { checkSwitch, type Preset, type PresetOptions, setUp } from './preset.ts';
import { fixedToken } from './token-endpoint.ts';

/** Options of {@link mongodbExpo}. */
export interface MongodbExpoOptions extends PresetOptions {
  /**
   * Whether the id is sent inside `data`, as in the mbnb demo, which also stores it as a field.
   *
   * @default false
   */
  readonly idInData?: boolean | undefined;
}

/**
 * Preset for the MongoDB demos `powersync-react-native-expo-nodejs-mongodb-self-host` and, with `idInData: true`,
 * `powersync-react-native-mongodb-mbnb`: one operation per request to `/api/upload_data`, tokens for the fixed user
 * "UserID" from `/api/auth/token`.
 *
 * - Ids must be MongoDB ids, 24 hexadecimal digits. A row with another id is rejected before it is sent. Make such ids
 *   on the client.
 * - The backend answers 500 without a reason to every error, even an outage, and has no route that shows whether its
 *   database is up. Such a write is tried at least ten times over an hour, then rejected.
 * - The backend answers an applied write with an empty body.
 * - It answers a PATCH of a missing row as if it were applied. Transactions are not atomic. A repeated write makes no
 *   second row, but may undo a later change.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
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
        throw new UploadError(
          'invalid',
          `The id of a row of "${table}" must have 24 hexadecimal digits for MongoDB.`,
        );
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
