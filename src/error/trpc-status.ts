/** HTTP statuses of tRPC's codes. Needed only if the app formats its errors without the status that tRPC adds. */
const STATUSES: Readonly<Record<string, number>> = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  TIMEOUT: 408,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNPROCESSABLE_CONTENT: 422,
  TOO_MANY_REQUESTS: 429,
  INTERNAL_SERVER_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
};

/** The HTTP status that a tRPC server gave to the error of a procedure; undefined if no server answered. */
export function trpcStatus(thrown: Error): number | undefined {
  const { data, shape } = thrown as { readonly data?: unknown; readonly shape?: unknown };
  const { httpStatus, code } = Object(data ?? Object(shape).data) as Record<string, unknown>;
  if (typeof httpStatus === 'number') return httpStatus;
  return Object.hasOwn(STATUSES, String(code)) ? STATUSES[String(code)] : undefined;
}
