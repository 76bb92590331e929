import { optionChecks } from '../check-options.ts';
import { isObject, parseJson } from '../contract/json.ts';
import { UploadError } from '../error/upload-error.ts';
import type { CheckpointRequest } from '../transport/checkpoint-request.ts';
import { createHttpClient, type HttpOptions, placeOf } from './http-client.ts';
import { checkHttpOptions } from './http-options.ts';

/** Options of {@link checkpointRequests}. */
export interface CheckpointRequestsOptions extends HttpOptions {
  /** URL that the backend records checkpoint requests at. */
  readonly url: string;
}

/**
 * Posts checkpoint requests to a route of your backend. Request and answer have the form of the PowerSync Service's own
 * route: `{ client_id, checkpoint_request_id }` in both. The answer has the greater of the stored and the sent id, and
 * may be inside `data`.
 *
 * Only for backends that apply writes after they have answered, with `checkpointMode: 'requests'` passed to
 * `connect()`.
 *
 * @throws TypeError if an option is missing, unknown or wrong. The message names the option.
 *
 * @example
 * ```ts
 * import { BackendConnector, type BackendConnectorOptions } from 'powersync-backend-connector';
 * import { checkpointRequests } from 'powersync-backend-connector/http';
 *
 * declare const options: BackendConnectorOptions;
 * const connector = new BackendConnector({
 *   ...options,
 *   postCheckpointRequest: checkpointRequests({ url: 'https://api.example.com/api/checkpoint-request' }),
 * });
 * ```
 */
export function checkpointRequests(options: CheckpointRequestsOptions): CheckpointRequest {
  const { object, noOthers } = optionChecks('checkpointRequests');
  const { url, headers, authorization, fetch, ky, ...others } = object(
    'options',
    options,
    'an object with url',
  );
  noOthers('', others);
  checkHttpOptions('checkpointRequests', options);
  const client = createHttpClient(url, { headers, authorization, fetch, ky });
  return async (clientId, requestId, context) => {
    const body = JSON.stringify({ client_id: clientId, checkpoint_request_id: requestId });
    const answer = await client({ url, body }, context);
    if (answer.status < 200 || answer.status > 299) throw UploadError.fromResponse(answer);
    const json = parseJson(answer.text);
    const data = isObject(json) && isObject(json.data) ? json.data : json;
    const id: unknown = isObject(data) ? data.checkpoint_request_id : undefined;
    if (typeof id === 'string') return id;
    throw new UploadError('misconfigured', `The answer of ${placeOf(url)} holds no checkpoint_request_id.`, {
      status: answer.status,
    });
  };
}
