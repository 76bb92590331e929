import { optionChecks } from '../check-options.ts';
import { isObject } from '../contract/json.ts';
import type { JsonAnswer } from '../http/json-answer.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { batchTransport, wordsIn } from './contract.ts';
import { insertThenUpdate, type NotApplied } from './insert-then-update.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link nodejs}. */
export interface NodejsOptions extends PresetOptions {
  /** Id of the user that tokens are for. */
  readonly userId: UserId;
  /**
   * `'sql'` if `DATABASE_TYPE` of the backend is postgres, mysql or mssql; `'mongodb'` if it is mongodb.
   *
   * @default 'sql'
   */
  readonly persister?: 'sql' | 'mongodb' | undefined;
  /**
   * Most transactions in one request. The backend applies a request as a whole. With MongoDB, each entry is sent by
   * itself.
   *
   * @default 1
   */
  readonly maxTransactions?: number | undefined;
  /**
   * Most bytes of one request body. A single larger transaction is sent anyway. The backend's limit is 100 kB.
   *
   * @default 100_000
   */
  readonly maxBodyBytes?: number | undefined;
}

/**
 * Preset for the Node.js demo backend (`powersync-nodejs-backend-todolist-demo`): `POST /api/data`, tokens from
 * `/api/auth/token`.
 *
 * - The backend answers 400 to every error. The preset reads the error text: an outage is retried, a violated
 *   constraint is rejected. Anything else is tried at least ten times over ten minutes, then rejected.
 * - It needs no authentication. Its CORS set-up allows no header but `Content-Type`.
 * - It refuses a body above 100 kB. Browsers show this as a network error like any other. If a single transaction may
 *   be larger, raise the limit of `express.json()` and `maxBodyBytes`.
 * - With MySQL, a repeated PUT that has only the id fails.
 * - With MongoDB, nothing is atomic, so entries are sent one by one. Its PUT only inserts, so if the row exists, its
 *   columns are sent as a PATCH. The backend silently skips tables other than `lists` and `todos`.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { nodejs } from 'powersync-backend-connector/presets';
 *
 * const connector = new BackendConnector({
 *   endpoint: 'http://localhost:8080',
 *   ...nodejs({ url: 'http://localhost:6060', userId: 'user-1' }),
 * });
 * ```
 */
export function nodejs(options: NodejsOptions): Preset {
  const { userId, persister = 'sql', maxTransactions, maxBodyBytes, ...others } = options;
  const { url, http } = setUp('nodejs', others);
  const isMongo = persister === 'mongodb';
  if (!isMongo && persister !== 'sql')
    optionChecks('nodejs').wrong('persister', '"sql" or "mongodb"', persister);
  const transport = batchTransport(url, { ...http, maxTransactions, maxBodyBytes }, BATCH_COMPLETED);
  return {
    transport: isMongo ? insertThenUpdate(transport, isOwnId) : transport,
    credentials: userToken('nodejs', url, http, userId),
  };
}

/** The part of the contract that the demos for Node.js and .NET share. */
export const BATCH_COMPLETED = {
  path: '/api/data',
  isApplied: ({ json }: JsonAnswer) => json?.message === 'Batch completed',
  words: /* @__PURE__ */ wordsIn(400, 'message'),
};

/** Whether the refusal is MongoDB's duplicate key error about the id of this row. */
function isOwnId(refusal: NotApplied, { id }: UploadEntry): boolean {
  const details = refusal.status === 'rejected' ? refusal.details : undefined;
  const words = String(isObject(details) ? details.message : '');
  const ends = (key: string): boolean => words.endsWith(` index: _id_ dup key: { ${key}: "${id}" }`);
  return words.includes(': E11000 ') && (ends('_id') || ends(''));
}
