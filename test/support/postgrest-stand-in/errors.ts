/** The claims of a token. `sub` is the user. */
export interface Claims {
  sub?: string;
  role?: string;
  [claim: string]: unknown;
}

/** An error in PostgREST's form. */
export class PostgrestError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: string | null;
  readonly hint: string | null;

  constructor(
    status: number,
    code: string,
    message: string,
    { details, hint }: { details?: string | undefined; hint?: string | undefined } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details ?? null;
    this.hint = hint ?? null;
  }

  toBody() {
    const { code, message, details, hint } = this;
    return { code, message, details, hint };
  }
}

/** The status of an SQLSTATE, from PostgREST's "Errors" page and its `Error.hs`. The first matching pattern counts. */
const STATUSES: readonly (readonly [RegExp, number])[] = [
  [/^(08|53(?!400)|57P01)/, 503],
  [/^(0L|0P|28)/, 403],
  [/^(23503|23505)/, 409],
  [/^25006/, 405],
  [/^(42883|42P01)/, 404],
  [/^P0001/, 400],
  [/^(09|21|25|2D|38|39|3B|40|53400|54|55|57|58|F0|HV|P0|XX|42P17)/, 500],
];

/**
 * Turns an error of Postgres into PostgREST's. Any other error is the stand-in's own fault, and is returned unchanged.
 */
export function postgresError(error: unknown, { role }: Claims): Error {
  if (error instanceof PostgrestError) return error;
  const { code, message, detail, hint } = error as Record<string, string | undefined>;
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return error as Error;
  return new PostgrestError(statusOf(code, role), code, message ?? '', { details: detail, hint });
}

function statusOf(sqlState: string, role: string | undefined): number {
  const [, raised] = /^PT(\d{3})$/.exec(sqlState) ?? [];
  if (raised) return Number(raised);
  if (sqlState === '42501') return role === 'anon' ? 401 : 403;
  return STATUSES.find(([pattern]) => pattern.test(sqlState))?.[1] ?? 400;
}
