// Decides whether a failed write is temporary (the client keeps it) or final (the client removes it from its queue).
// This table decides whether data is lost. When in doubt, choose temporary: a write that is retried once too often
// costs a request, but a write that is refused by mistake is lost.

export type Failure =
  | { kind: 'retryable' }
  | { kind: 'fatal'; errorCode: string; message: string; details?: Record<string, string> };

/** A refusal by the backend itself, not by the database. The message should tell a developer what is wrong. */
export class WriteRefused extends Error {
  override name = 'WriteRefused';
  readonly errorCode: string;

  constructor(errorCode: string, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}

export function readFailure(error: unknown): Failure {
  if (error instanceof WriteRefused) {
    return { kind: 'fatal', errorCode: error.errorCode, message: error.message };
  }
  const state = sqlState(error);
  if (state === undefined || isTemporary(state)) return { kind: 'retryable' };
  return {
    kind: 'fatal',
    errorCode: errorCode(state),
    message: describe(error, state),
    details: {
      sqlstate: state,
      ...text(error, 'table'),
      ...text(error, 'column'),
      ...text(error, 'constraint'),
    },
  };
}

/** The five characters with which Postgres names an error. Undefined for anything else, such as a lost connection. */
function sqlState(error: unknown): string | undefined {
  const { code } = text(error, 'code');
  // System errors have a code too (ECONNRESET), and one of those codes has five characters.
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && code !== 'EPIPE' ? code : undefined;
}

/** Connection, rollback (deadlock), resources, lock timeout, intervention (shutdown, timeout), system. */
function isTemporary(state: string): boolean {
  return state === '55P03' || ['08', '40', '53', '57', '58'].includes(state.slice(0, 2));
}

const NAMED: Readonly<Record<string, string>> = {
  '23502': 'NOT_NULL_VIOLATION',
  '23503': 'FOREIGN_KEY_VIOLATION',
  '23505': 'UNIQUE_VIOLATION',
  '23514': 'CHECK_VIOLATION',
  '42501': 'UNAUTHORIZED',
};

const NAMED_CLASS: Readonly<Record<string, string>> = {
  '22': 'INVALID_DATA',
  '23': 'CONSTRAINT_VIOLATION',
  '42': 'SCHEMA_MISMATCH',
};

function errorCode(state: string): string {
  return NAMED[state] ?? NAMED_CLASS[state.slice(0, 2)] ?? 'UNCLASSIFIED_ERROR';
}

/**
 * The message of Postgres. Its `detail` is added only for bad data, where it says what is bad ("Unicode low surrogate
 * must follow a high surrogate"). For constraints it quotes the row, which must not get into a client's error log.
 */
function describe(error: unknown, state: string): string {
  const { message = 'The database refused the write' } = text(error, 'message');
  const { detail } = text(error, 'detail');
  return state.startsWith('22') && detail !== undefined ? `${message}: ${detail}` : message;
}

function text<Name extends string>(error: unknown, name: Name): { [name in Name]?: string } {
  const value = (error as Record<string, unknown> | null | undefined)?.[name];
  return (typeof value === 'string' ? { [name]: value } : {}) as { [name in Name]?: string };
}
