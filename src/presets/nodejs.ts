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
  /** Whom the token is for. */
  readonly userId: UserId;
  /** Default `'sql'`, for `DATABASE_TYPE` postgres, mysql and mssql; `'mongodb'` for mongodb. */
  readonly persister?: 'sql' | 'mongodb' | undefined;
  /** The most transactions in one request, which is applied as a whole. Default 1. With MongoDB each entry has its own. */
  readonly maxTransactions?: number | undefined;
  /** The most bytes of one request body. Default 100 000, just under the backend's limit. */
  readonly maxBodyBytes?: number | undefined;
}

/**
 * The Node.js demo backend (`powersync-nodejs-backend-todolist-demo`): `POST /api/data`, tokens from `/api/auth/token`.
 *
 * - It answers 400 to everything. What its text tells to be an outage is retried, what it tells to be a violated
 *   constraint is rejected; anything else is retried, and rejected after ten tries over ten minutes or more.
 * - It asks for no authentication, and its CORS set-up allows no header but `Content-Type`.
 * - A body above 100 kB is refused, in browsers as a network error that can't be told from others: raise the limit of
 *   `express.json()` and `maxBodyBytes` if a single transaction may be larger.
 * - With MySQL, a replayed PUT of nothing but the id fails.
 * - With MongoDB nothing is atomic, so entries are sent one by one; and its PUT only inserts, so a row that is there
 *   already is given its columns by a PATCH. Tables other than `lists` and `todos` are silently skipped by the backend.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
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

/** What the demos for Node.js and .NET have in common. */
export const BATCH_COMPLETED = {
  path: '/api/data',
  isApplied: ({ json }: JsonAnswer) => json?.message === 'Batch completed',
  words: /* @__PURE__ */ wordsIn(400, 'message'),
};

/** MongoDB's duplicate key, on the id of the very row. */
function isOwnId(refusal: NotApplied, { id }: UploadEntry): boolean {
  const details = refusal.status === 'rejected' ? refusal.details : undefined;
  const words = String(isObject(details) ? details.message : '');
  const ends = (key: string): boolean => words.endsWith(` index: _id_ dup key: { ${key}: "${id}" }`);
  return words.includes(': E11000 ') && (ends('_id') || ends(''));
}
