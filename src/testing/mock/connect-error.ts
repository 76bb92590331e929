import { isObject, parseJson } from '../../contract/json.ts';
import type { MockAnswer } from './contract.ts';

/** The parts of a `ConnectError` that clients read. They recognise it by its name. */
interface MockConnectError extends Error {
  readonly code: number;
  readonly rawMessage: string;
  readonly metadata: Headers;
  readonly details: readonly never[];
}

/** The gRPC codes that the mock uses, by Connect's names for them. */
const CODES = {
  canceled: 1,
  unknown: 2,
  invalid_argument: 3,
  deadline_exceeded: 4,
  permission_denied: 7,
  resource_exhausted: 8,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

type Name = keyof typeof CODES;

const BY_STATUS: Readonly<Record<number, Name>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'unimplemented',
  409: 'aborted',
  413: 'resource_exhausted',
  422: 'invalid_argument',
  429: 'resource_exhausted',
  500: 'internal',
  501: 'unimplemented',
  502: 'unavailable',
  503: 'unavailable',
  504: 'deadline_exceeded',
};

/** Makes the error of a client that got no answer, or none that it can read. */
export function notAnswered(name: Name, message: string, cause?: Error): MockConnectError {
  return connectError(name, message, {}, cause);
}

/** Makes the error of a gRPC server that refuses the whole call. */
export function refusedBy({ status, headers, body }: MockAnswer): MockConnectError {
  const name = BY_STATUS[status] ?? 'unknown';
  const said = parseJson(body);
  const message = isObject(said) ? String(said.message) : '';
  const { 'retry-after': retryAfter } = headers;
  return connectError(name, status === 413 ? `received message larger than max: ${message}` : message, {
    'grpc-status': String(CODES[name]),
    ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
  });
}

function connectError(
  name: Name,
  rawMessage: string,
  metadata: Record<string, string>,
  cause?: Error,
): MockConnectError {
  return Object.assign(new Error(`[${name}] ${rawMessage}`), {
    name: 'ConnectError',
    code: CODES[name],
    rawMessage,
    metadata: new Headers(metadata),
    details: [],
    cause,
  });
}
