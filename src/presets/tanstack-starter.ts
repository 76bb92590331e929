import { UploadError } from '../error/upload-error.ts';
import { skillsTransport } from './agent-skills.ts';
import { checkTables, columnsOf, type KnownTables, warnOfLoss } from './known-tables.ts';
import { putNeedsColumns } from './prepare-entries.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link tanstackStarter}. */
export interface TanstackStarterOptions extends PresetOptions {
  /** Id of the user that tokens are for. */
  readonly userId: UserId;
  /**
   * Most transactions in one request. The backend applies a request as a whole.
   *
   * @default 1
   */
  readonly maxTransactions?: number | undefined;
  /**
   * Columns of each table in `tableConfig` of the backend, without `id`. The backend drops any other column without an
   * error: the preset warns of that in development, and holds a new row that has none of these columns.
   *
   * @default `lists` and `todos`, as published
   */
  readonly tables?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** As in the published `tableConfig`. */
const TABLES: KnownTables = {
  lists: ['owner_id', 'name', 'created_at'],
  todos: ['list_id', 'description', 'completed', 'created_at', 'completed_at'],
};

/**
 * Preset for the Hono server of the TanStack starter (`postgres-tanstack-db-starter`): `POST /api/powersync/upload`,
 * tokens from `/api/auth/token`.
 *
 * - The backend answers 200 with `success: false` to every error, as that of {@link agentSkills}. Its `error` is a text
 *   of the database, or an object that says what its schema refuses: an unknown table is held, anything else in the
 *   object is rejected.
 * - It drops columns that it doesn't know, and stores no row without columns that it knows. See `tables`.
 * - While its database can't be reached, it answers 500: retried.
 * - It looks at no token, and its CORS set-up allows every header. Ids must be UUIDs.
 * - Transactions are atomic. A repeated write makes no second row, but may undo a later change.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { tanstackStarter } from 'powersync-backend-connector/presets';
 *
 * const connector = new BackendConnector({
 *   endpoint: 'http://localhost:8080',
 *   ...tanstackStarter({ url: 'http://localhost:3001', userId: 'demo-user' }),
 * });
 * ```
 */
export function tanstackStarter(options: TanstackStarterOptions): Preset {
  const { userId, maxTransactions, tables = TABLES, ...others } = options;
  const { url, http } = setUp('tanstackStarter', { authorization: 'bearer', ...others });
  checkTables('tanstackStarter', tables);
  const warn = warnOfLoss('tanstackStarter', tables, 'tableConfig');
  const transport = skillsTransport(url, { ...http, maxTransactions }, (entry) => {
    warn(entry);
    putNeedsColumns(entry);
    const known = entry.op === 'PUT' ? columnsOf(tables, entry) : undefined;
    if (!known || Object.keys(entry.opData ?? {}).some((column) => known.includes(column))) return;
    throw new UploadError(
      'schema_mismatch',
      `The backend knows no column of this new row of "${entry.table}", so it would not store the row. ` +
        'Add columns to tableConfig there, and to the option "tables".',
    );
  });
  return { transport, credentials: userToken('tanstackStarter', url, http, userId) };
}
