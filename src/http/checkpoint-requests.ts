import { optionChecks } from '../check-options.ts';
import { isObject, parseJson } from '../contract/json.ts';
import { UploadError } from '../error/upload-error.ts';
import type { CheckpointRequest } from '../transport/checkpoint-request.ts';
import { createHttpClient, type HttpOptions, placeOf } from './http-client.ts';
import { checkHttpOptions } from './http-options.ts';

/** Options of {@link checkpointRequests}. */
export interface CheckpointRequestsOptions extends HttpOptions {
  /** Where the backend records them. */
  readonly url: string;
}

/**
 * Posts checkpoint requests to a route of your backend, with the body and the answer that the PowerSync Service's own
 * route has: `{ client_id, checkpoint_request_id }` is answered by the same with the greater id (also inside `data`).
 *
 * Only for backends that apply writes after they have answered, with `checkpointMode: 'requests'` given to `connect()`.
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
  const { url, headers, authorization, fetch, ky, ...others } = options;
  optionChecks('checkpointRequests').noOthers('', others);
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
