import type { Operation, UploadedEntry, UploadedTransaction } from './wire.ts';

/** The body isn't an upload. Retrying doesn't help, so the message says what is wrong. The answer is 400. */
export class InvalidUpload extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidUpload';
  }
}

/**
 * Reads the JSON text of a body. A whole number that doesn't fit into a JavaScript number, and one that is too large
 * for it (`1e400`), becomes the text that was sent, so the database sees it as it is.
 */
export function parseUpload(text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new InvalidUpload('The body must be JSON');
  }
  const mayNeedText = /\d{16}|\d[eE]\+?\d{3}/.test(text);
  // Not with a reviver: that ends with a stack overflow where values are nested deep, and few runtimes show it the digits.
  return mayNeedText ? JSON.parse(text.replace(STRING_OR_NUMBER, exactNumber)) : body;
}

/** The tokens of a JSON text that digits can be in. A text of millions of escapes must not fill the stack. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

function exactNumber(token: string): string {
  if (token.startsWith('"')) return token;
  const value = Number(token);
  const fits = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  return fits ? token : `"${token}"`;
}

/**
 * Returns the transactions of an upload. Members that the contract doesn't have are ignored, so that newer clients
 * work. `null` isn't the same as absent, and is refused.
 *
 * @throws InvalidUpload
 */
export function readUpload(body: unknown, maxTransactions: number): UploadedTransaction[] {
  const { transactions } = object(body, 'The body');
  const list = array(transactions, 'transactions');
  if (list.length < 1 || list.length > maxTransactions) {
    throw new InvalidUpload(`transactions must have 1 to ${maxTransactions} members, not ${list.length}`);
  }
  return list.map((transaction, index) => readTransaction(transaction, `transactions[${index}]`));
}

function readTransaction(value: unknown, path: string): UploadedTransaction {
  const { transaction_id, idempotency_key, judge_again, crud } = object(value, path);
  return {
    ...optional({ transaction_id }, path, integer),
    ...optional({ idempotency_key }, path, key),
    ...optional({ judge_again }, path, boolean),
    crud: array(crud, `${path}.crud`).map((entry, index) => readEntry(entry, `${path}.crud[${index}]`)),
  };
}

function readEntry(value: unknown, path: string): UploadedEntry {
  const { id, op, table, op_data, previous_values, metadata } = object(value, path);
  return {
    id: string(id, `${path}.id`),
    op: operation(op, `${path}.op`),
    table: string(table, `${path}.table`),
    ...optional({ op_data }, path, object),
    ...optional({ previous_values }, path, object),
    ...optional({ metadata }, path, string),
  };
}

/** Checks a member that may be absent: `{ name: value }` becomes `{ name: checked }` or `{}`. */
function optional<Name extends string, Value>(
  member: Record<Name, unknown>,
  path: string,
  check: (value: unknown, path: string) => Value,
): { [name in Name]?: Value } {
  const checked: { [name in Name]?: Value } = {};
  for (const name in member) {
    if (member[name] !== undefined) checked[name] = check(member[name], `${path}.${name}`);
  }
  return checked;
}

function object(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidUpload(`${path} must be an object`);
  }
  return value as Record<string, unknown>;
}

function array(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) throw new InvalidUpload(`${path} must be an array`);
  return value;
}

function string(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new InvalidUpload(`${path} must be a string`);
  return value;
}

function boolean(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw new InvalidUpload(`${path} must be true or false`);
  return value;
}

function integer(value: unknown, path: string): number {
  if (!Number.isSafeInteger(value)) throw new InvalidUpload(`${path} must be an integer`);
  return value as number;
}

function operation(value: unknown, path: string): Operation {
  if (value !== 'PUT' && value !== 'PATCH' && value !== 'DELETE') {
    throw new InvalidUpload(`${path} must be PUT, PATCH or DELETE`);
  }
  return value;
}

/** Visible ASCII only, so that no database takes two different keys for the same one, or cuts one. */
function key(value: unknown, path: string): string {
  if (!/^[\x21-\x7e]{1,255}$/.test(string(value, path))) {
    throw new InvalidUpload(`${path} must be 1 to 255 visible ASCII characters`);
  }
  return value as string;
}
