import { isObject, parseJson } from '../contract/json.ts';
import type { PlatformAbortSignal } from '../transport/platform.ts';
import { json, message } from './mock/answers.ts';
import { createMockBackend } from './mock/backend.ts';
import { notAnswered, refusedBy } from './mock/connect-error.ts';
import type { MockAnswer, MockContract } from './mock/contract.ts';
import type { Handle } from './mock/faces.ts';
import type { MockResultsBackend } from './mock/mock.ts';
import { resolveMockOptions, type TransactionalMockOptions } from './mock/options.ts';
import { readTransactions, writeResult } from './mock/write-contract.ts';

/** What {@link mockWriteService} returns. */
export interface MockWriteService extends Omit<MockResultsBackend, 'url' | 'handlers' | 'fetch'> {
  /** Pass it as the option `transport` of `writeService()`. Calls need neither a network nor msw. */
  readonly transport: {
    /* biome-ignore-start lint/suspicious/noExplicitAny: Connect's types would need its packages. */
    unary(
      method: any,
      signal: PlatformAbortSignal | undefined,
      timeoutMs: number | undefined,
      header: any,
      input: any,
    ): Promise<any>;
    /* biome-ignore-end lint/suspicious/noExplicitAny: as above. */
  };
}

/**
 * A mock of `powersync.write.v1.WriteService` in memory: a Connect transport for `writeService()`. HTTP statuses become
 * the matching gRPC status: `failNext(503)` is UNAVAILABLE, `failNext(429)` is RESOURCE_EXHAUSTED.
 *
 * @throws TypeError if an option is misspelt or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { mockWriteService } from 'powersync-backend-connector/testing';
 *
 * const api = mockWriteService(); // writeService({ transport: api.transport })
 *
 * api.rejectNext('UNIQUE_VIOLATION');
 * ```
 */
export function mockWriteService(options: Omit<TransactionalMockOptions, 'url'> = {}): MockWriteService {
  const resolved = resolveMockOptions(CONTRACT.who, { ...options, url: URL_OF_SERVICE });
  const backend = createMockBackend(CONTRACT, resolved);
  return Object.assign(backend, { transport: connectTransport(backend.handle) });
}

const URL_OF_SERVICE = '/powersync.write.v1.WriteService/Upload';

const CONTRACT: MockContract = {
  who: 'mockWriteService',
  unit: 'transaction',
  refusal: message,
  read({ body }) {
    const read = readTransactions(isObject(body) ? body.transactions : undefined);
    return typeof read === 'string' ? message(400, read) : read;
  },
  answer: ({ results }) => json(200, { results: results.map(writeResult) }),
  miscount: ({ results }) => json(200, { results: results.slice(1).map(writeResult) }),
};

function connectTransport(handle: Handle): MockWriteService['transport'] {
  return {
    async unary(method, signal, _timeoutMs, header, input) {
      const headers: Record<string, string> = {};
      new Headers(header).forEach((value, name) => {
        headers[name] = value;
      });
      const body = { transactions: [...(input?.transactions ?? [])].map(asInTheContract) };
      const request = {
        method: 'POST',
        url: URL_OF_SERVICE,
        path: '',
        headers,
        text: JSON.stringify(body),
        body,
      };
      const answer = await handle(request, signal).catch((cause: Error): never => {
        throw notAnswered('canceled', cause.message, cause);
      });
      const results = resultsIn(answer);
      return {
        stream: false,
        service: method?.parent,
        method,
        header: new Headers(),
        trailer: new Headers(),
        message: { $typeName: 'powersync.write.v1.UploadResponse', results },
      };
    },
  };
}

function resultsIn(answer: MockAnswer | undefined): readonly object[] {
  if (!answer) throw notAnswered('unavailable', 'Failed to fetch', new TypeError('Failed to fetch'));
  if (answer.headers['content-type'] !== 'application/json')
    throw notAnswered('unknown', 'unsupported content type text/html');
  if (answer.status !== 200) throw refusedBy(answer);
  const { results } = (parseJson(answer.body) ?? {}) as { results?: Result[] };
  if (!results) throw notAnswered('internal', 'protocol error: message ended early');
  return results.map(toMessage);
}

const OPS = ['', 'PUT', 'PATCH', 'DELETE'];

/** Converts a message of the service to the JSON of the write API. */
function asInTheContract({ transactionId, idempotencyKey, crud }: Record<string, unknown>): object {
  return {
    transaction_id: transactionId === undefined ? undefined : Number(transactionId),
    idempotency_key: idempotencyKey || undefined,
    crud: (crud as Record<string, unknown>[]).map(({ id, op, table, opData, previousValues, metadata }) => ({
      id,
      op: OPS[op as number],
      table,
      op_data: opData,
      previous_values: previousValues,
      metadata,
    })),
  };
}

interface Result {
  readonly status: string;
  readonly message?: string;
  readonly retry_after_ms?: number;
  readonly requires_client_handling?: boolean;
  readonly failed_operation?: {
    readonly error_code: string;
    readonly message?: string;
    readonly operation_index?: number;
    readonly details?: unknown;
  };
}

const STATUSES = ['', 'success', 'retryable_error', 'fatal_error', 'not_attempted'];

function toMessage(result: Result): object {
  const {
    status,
    message,
    retry_after_ms,
    requires_client_handling = false,
    failed_operation: failed,
  } = result;
  return {
    $typeName: 'powersync.write.v1.TransactionResult',
    status: STATUSES.indexOf(status),
    message,
    retryAfterMs: retry_after_ms,
    requiresClientHandling: requires_client_handling,
    failedOperation: failed && {
      $typeName: 'powersync.write.v1.FailedOperation',
      errorCode: failed.error_code,
      message: failed.message,
      operationIndex: failed.operation_index,
      details: failed.details,
    },
  };
}
