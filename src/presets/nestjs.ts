import { optionChecks } from '../check-options.ts';
import { isSuccess, notTheContract } from '../contract/http-answer.ts';
import { UploadError } from '../error/upload-error.ts';
import { batchEndpoint } from '../http/batch-endpoint.ts';
import { joinUrl } from '../http/row-path.ts';
import type { UploadBatch } from '../transport/transport.ts';
import { prepareEntries } from './prepare-entries.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { readToken, tokenClient } from './token-endpoint.ts';

interface Login {
  readonly email: string;
  readonly password: string;
}

/** Options of {@link nestjs}. */
export interface NestjsOptions extends PresetOptions {
  /** Gets what to sign in with, whenever a token is needed, which is good for a day; null while nobody is to be. */
  readonly login: () => Login | null | Promise<Login | null>;
}

/**
 * The community's NestJS backend (`MinimalPowersyncNestReactDemo`): `POST /powersync/upload` with the app's token, which
 * `POST /auth/login` gives, and which is that for sync, too.
 *
 * - What it refuses is a 201 with `processed: 0`, and nothing is stored: rejected. It doesn't say why, and a PATCH of a
 *   row that is missing, or somebody else's, is refused as well.
 * - 500 is retried. Atomic, and a replay does no harm.
 *
 * An app that keeps its token itself gives `credentials` of its own behind the preset.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
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
      if (!isSuccess(answer)) return undefined;
      const { status, json } = answer;
      const processed = json?.success === true && json.processed;
      if (processed === transaction?.entries.length) return [{ status: 'applied' }];
      if (processed !== 0) throw notTheContract(status, 'without the number of operations');
      const error = new UploadError('invalid', 'The backend discarded it.', { status });
      return [{ status: 'rejected', error, details: json, inBand: false }]; // It doesn't say why: the breaker counts it.
    },
  });
  return {
    transport: prepareEntries(transport),
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

/** A transaction as the SDK's own `toJSON()` writes it. */
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
