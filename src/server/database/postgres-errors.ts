import type { Failure } from './database.ts';

/** Reads an error of Postgres by its SQLSTATE. The codes are in PostgreSQL's manual, appendix A. */
export function readPostgresError(error: unknown): Failure {
  const state = sqlState(error);
  if (state === undefined) return { kind: 'temporary' };
  // Serialization failure and deadlock.
  if (state === '40001' || state === '40P01') return { kind: 'again' };
  return refusal(state, error) ?? { kind: 'temporary' };
}

const CONSTRAINTS: Readonly<Record<string, [code: string, message: string]>> = {
  '23502': ['NOT_NULL_VIOLATION', 'A value is missing'],
  '23503': ['FOREIGN_KEY_VIOLATION', 'The row points to a row that does not exist, or is still pointed to'],
  '23505': ['UNIQUE_VIOLATION', 'There is already a row with this value'],
  '23514': ['CHECK_VIOLATION', 'A value is not allowed'],
  '23P01': ['CONSTRAINT_VIOLATION', 'The row conflicts with another row'],
  '44000': ['CHECK_VIOLATION', 'The row is not allowed in this view'],
};

/**
 * What is refused is a closed list: the data itself is wrong. All else may pass (a grant that is missing, a failover, a
 * password that was changed), so the client keeps the write. The words of Postgres are passed on only where they are
 * about the value or were written by the app: others quote rows or tell about the server.
 */
function refusal(state: string, error: unknown): Failure | undefined {
  const constraint = CONSTRAINTS[state];
  if (constraint) {
    const [code, message] = constraint;
    return {
      kind: 'refused',
      code,
      message,
      details: { ...text(error, 'constraint'), ...text(error, 'column') },
    };
  }
  const { message = 'The data is not valid' } = text(error, 'message');
  if (state.startsWith('22')) {
    return { kind: 'refused', code: 'INVALID_DATA', message, details: { sqlstate: state } };
  }
  // A trigger's RAISE EXCEPTION. Its words are the app's.
  if (state === 'P0001') {
    return { kind: 'refused', code: 'RAISED', message, details: { sqlstate: state }, ofTheApp: true };
  }
  // Also what Postgres says if a grant is missing, which is the operator's fault and passes.
  if (state === '42501') {
    if (isRaised(error)) return { kind: 'refused', code: 'UNAUTHORIZED', message };
    if (/row-level security/.test(message)) {
      return {
        kind: 'refused',
        code: 'UNAUTHORIZED',
        message: 'A policy of the table does not allow this write',
      };
    }
  }
  return undefined;
}

/** `routine` is the function of Postgres that reported the error. */
function isRaised(error: unknown): boolean {
  return text(error, 'routine').routine === 'exec_stmt_raise';
}

function sqlState(error: unknown): string | undefined {
  const { code } = text(error, 'code');
  // Node's system errors have a code too, and one of them has five letters.
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && code !== 'EPIPE' ? code : undefined;
}

/** postgres.js adds `_name` to some members. */
function text<Name extends string>(error: unknown, name: Name): { [name in Name]?: string } {
  if (typeof error !== 'object' || error === null) return {};
  const members = error as Record<string, unknown>;
  const value = members[name] ?? members[`${name}_name`];
  return (typeof value === 'string' ? { [name]: value } : {}) as { [name in Name]?: string };
}
