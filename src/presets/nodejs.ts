import { optionChecks } from '../check-options.ts';
import { isObject } from '../contract/json.ts';
import type { JsonAnswer } from '../http/json-answer.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { batchTransport, LIMIT_OF_EXPRESS, wordsIn } from './contract.ts';
import { insertThenUpdate, type NotApplied } from './insert-then-update.ts';
import { checkTables, type KnownTables, warnOfLoss } from './known-tables.ts';
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
   * Most bytes of one request body. Keep it below the limit of `express.json()` in the backend, which is 102,400 bytes
   * by default. A single larger transaction is sent anyway.
   *
   * @default 100_000
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * With MongoDB: the fields of each table in the schema of the backend (`mongo-schema.js`), without the id. The backend
   * drops any other field, and skips any other table, without an error. The preset warns of that in development.
   *
   * @default `lists` and `todos`, as published
   */
  readonly tables?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** As in the published `mongo-schema.js`. */
const TABLES: KnownTables = {
  lists: ['archived', 'name', 'created_at', 'owner_id'],
  todos: [
    ...['archived', 'list_id', 'created_at', 'description', 'created_by'],
    ...['completed', 'completed_by', 'completed_at'],
  ],
};

/**
 * Preset for the Node.js demo backend (`powersync-nodejs-backend-todolist-demo`): `POST /api/data`, tokens from
 * `/api/auth/token`.
 *
 * - The backend answers 400 to every error. The preset reads the error text: an outage is retried, a violated
 *   constraint is rejected, an unknown table or column is held. Anything else is tried at least ten times over ten
 *   minutes, then rejected.
 * - It needs no authentication. Its CORS set-up allows no header but `Content-Type`.
 * - It refuses a body above 100 kB, so such a transaction is rejected as `too_large`. But browsers show this as a network
 *   error like any other, so there it stays queued, and the error says what that may mean. If a single transaction may be
 *   larger, raise the limit of `express.json()`, and `maxBodyBytes`.
 * - Transactions are atomic, but not with MongoDB. A repeated write makes no second row, but may undo a later change. A
 *   PATCH of a row that is gone counts as applied, so its columns are lost.
 * - With MySQL, a repeated PUT that has only the id fails.
 * - With MongoDB, nothing is atomic, so entries are sent one by one. Its PUT only inserts, so if the row exists, its
 *   columns are sent as a PATCH. The backend silently drops tables and fields that it doesn't know: see `tables`.
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
  const { userId, persister = 'sql', maxTransactions, maxBodyBytes, tables = TABLES, ...others } = options;
  const { url, http } = setUp('nodejs', others);
  const isMongo = persister === 'mongodb';
  if (!isMongo && persister !== 'sql')
    optionChecks('nodejs').wrong('persister', '"sql" or "mongodb"', persister);
  checkTables('nodejs', tables);
  const transport = batchTransport(
    url,
    { ...http, maxTransactions, maxBodyBytes },
    {
      ...BATCH_COMPLETED,
      check: isMongo ? warnOfLoss('nodejs', tables, 'mongo-schema.js', true) : undefined,
      limit: LIMIT_OF_EXPRESS,
    },
  );
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
