const STATUSES: Readonly<Record<string, number>> = {
  PARSE_ERROR: 400,
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_SUPPORTED: 405,
  TIMEOUT: 408,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNPROCESSABLE_CONTENT: 422,
  TOO_MANY_REQUESTS: 429,
  INTERNAL_SERVER_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  BAD_GATEWAY: 502,
  SERVICE_UNAVAILABLE: 503,
  GATEWAY_TIMEOUT: 504,
};

/** The HTTP status that a tRPC server gave to an error of a procedure; undefined where none answered. */
export function trpcStatus(thrown: Error): number | undefined {
  const { data, shape } = thrown as { readonly data?: unknown; readonly shape?: unknown };
  const { httpStatus, code } = Object(data ?? Object(shape).data) as Record<string, unknown>;
  if (typeof httpStatus === 'number') return httpStatus;
  return typeof code === 'string' && Object.hasOwn(STATUSES, code) ? STATUSES[code] : undefined;
}
