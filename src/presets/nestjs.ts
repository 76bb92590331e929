import { optionChecks } from '../check-options.ts';
import { isSuccess, notTheContract } from '../contract/http-answer.ts';
import { isObject } from '../contract/json.ts';
import { UploadError } from '../error/upload-error.ts';
import { batchEndpoint } from '../http/batch-endpoint.ts';
import { createHttpClient } from '../http/http-client.ts';
import { withJson } from '../http/json-answer.ts';
import { joinUrl } from '../http/row-path.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { UploadBatch } from '../transport/transport.ts';
import { prepareEntries } from './prepare-entries.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { askAfter500, byStatus, type IsUp, unexplained } from './row-or-backend.ts';
import { readToken, tokenClient } from './token-endpoint.ts';

interface Login {
  readonly email: string;
  readonly password: string;
}

/** Options of {@link nestjs}. */
export interface NestjsOptions extends PresetOptions {
  /**
   * Returns the email and password to sign in with, or null if nobody is signed in. Called whenever a token is needed;
   * a token is valid for a day.
   */
  readonly login: () => Login | null | Promise<Login | null>;
}

/**
 * Preset for the community's NestJS backend (`MinimalPowersyncNestReactDemo`): `POST /powersync/upload` with the app's
 * token from `POST /auth/login`, which is also the token for sync.
 *
 * - The backend refuses a transaction with a 201 and `processed: 0`, without a reason: rejected at once, or after five tries
 *   over fifty seconds if an earlier answer was lost. It also refuses an unknown table, and a PATCH of a row that is missing or belongs to another user.
 * - It answers a DELETE of another user's row as done, but the row is still there. A PUT overwrites such a row.
 * - It answers 500 to an outage, and to a row that its database refuses. So the profile is read after it. If that fails
 *   too, the write stays queued. If it can be read, the write is tried at least ten times over ten minutes, then rejected;
 *   if the answer is another one, over an hour.
 * - Ids must be UUIDs, and texts can't have the character NUL. Such a write is rejected before it is sent.
 * - A transaction above 100 kB is rejected as `too_large`. Raise the limit of the body parser if it may be larger.
 * - Transactions are atomic. A repeated write makes no second row, but may undo a later change.
 *
 * If your app keeps the token itself, set your own `credentials` behind the preset.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { nestjs } from 'powersync-backend-connector/presets';
 *
 * declare const form: { ask(): Promise<{ email: string; password: string } | null> };
 * const connector = new BackendConnector({
 *   endpoint: 'http://localhost:8080',
 *   ...nestjs({ url: 'http://localhost:3000', login: () => form.ask() }),
 * });
 * ```
 */
export function nestjs(options: NestjsOptions): Preset {
  const { login, ...others } = options;
  const { url, http } = setUp('nestjs', { authorization: 'bearer', ...others });
  optionChecks('nestjs').fn('login', login);
  const ask = tokenClient(url, http);
  const transport = batchEndpoint({
    ...http,
    url: joinUrl(url, '/powersync/upload'),
    encode,
    decode(answer, { transactions: [transaction] }) {
      const { status, json } = answer;
      if (status === 500 && json?.statusCode === 500)
        return [{ status: 'rejected', error: unexplained(answer), details: json, inBand: false }];
      if (!isSuccess(answer)) return undefined;
      const processed = json?.success === true && json.processed;
      if (processed === transaction?.entries.length) return [{ status: 'applied' }];
      if (processed !== 0) throw notTheContract(status, 'without the number of operations');
      const error = new UploadError('invalid', 'The backend refused the transaction without a reason.', {
        status,
      });
      return [{ status: 'rejected', error, details: json, inBand: false }]; // No reason is given: the breaker counts it fully.
    },
  });
  const client = createHttpClient(url, http);
  /** The profile is read from the database. */
  const isUp: IsUp = async (_, context) => {
    const answer = withJson(await client({ method: 'GET', url: joinUrl(url, '/auth/profile') }, context));
    return (isSuccess(answer) && isObject(answer.json) && answer.json.id != null) || byStatus(answer);
  };
  return {
    transport: prepareEntries(askAfter500(transport, isUp), checkEntry),
    async credentials({ signal }) {
      const own = await login();
      if (!own) return null;
      const { email, password } = own;
      if (typeof email !== 'string' || typeof password !== 'string')
        throw new UploadError('misconfigured', 'nestjs: login() must return { email, password }, or null.');
      const answer = await ask('/auth/login', signal, { body: JSON.stringify({ email, password }) });
      return readToken(answer, answer.json?.access_token);
    },
  };
}

/** PostgreSQL's form of a UUID: the hyphens may be missing. */
const UUID = /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;

/** Throws for what the backend's database never takes: the backend would answer it with a 500, without a reason. */
function checkEntry({ table, id, opData }: UploadEntry): void {
  if (!UUID.test(id)) throw new UploadError('invalid', `The id of a row of "${table}" must be a UUID.`);
  for (const [column, value] of Object.entries(opData ?? {})) {
    if (typeof value === 'string' && value.includes('\0'))
      throw new UploadError(
        'invalid',
        `"${column}" of "${table}" has the character NUL, which PostgreSQL has not.`,
      );
  }
}

/** Encodes a transaction like the SDK's own `toJSON()`. */
function encode({ transactions: [transaction] }: UploadBatch): object {
  const crud = transaction?.entries.map((entry) => ({
    op_id: entry.clientId,
    op: entry.op,
    type: entry.table,
    id: entry.id,
    tx_id: entry.transactionId,
    data: entry.op === 'DELETE' ? undefined : (entry.opData ?? {}),
    old: entry.previousValues,
    metadata: entry.metadata,
  }));
  return { crud, haveMore: false, transactionId: transaction?.transactionId };
}
