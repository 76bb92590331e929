import { rowEndpoints } from '../http/row-endpoints.ts';
import { optionChecks } from '../option-checks.ts';
import { isSuccess, notTheContract } from '../outcome/http-answer.ts';
import { UploadError } from '../outcome/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { operation } from './operation.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { refusalByWords } from './refusal.ts';
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
  if (typeof idInData !== 'boolean') optionChecks('mongodbExpo').wrong('idInData', 'true or false', idInData);
  const body = (entry: UploadEntry): object => {
    const { op, table, id, opData } = entry;
    if (!/^[0-9a-f]{24}$/i.test(id))
      throw new UploadError('invalid', `MongoDB takes no id of "${table}" but 24 hexadecimal digits.`);
    return idInData ? operation(entry) : { table, id, ...(op !== 'DELETE' && { data: { ...opData } }) };
  };
  const transport = rowEndpoints({
    ...http,
    url,
    routes: {
      default: (entry) => ({ method: entry.op, path: '/api/upload_data', body: body(entry) }),
    },
    isMissingRow: () => false,
    decode(answer) {
      const { status, text, json } = answer;
      if (isSuccess(answer)) {
        if (text === '') return { status: 'applied' };
        throw notTheContract(status, 'not empty');
      }
      if (status === 400) throw notTheContract(status, 'one to a request without a body');
      return status === 500 ? refusalByWords(answer, json?.message) : undefined;
    },
  });
  return { transport, credentials: fixedToken(url, http, '/api/auth/token') };
}
