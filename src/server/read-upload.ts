import type { Operation, UploadedEntry, UploadedTransaction } from './wire.ts';
import { WriteRefused } from './write-refused.ts';

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
  // The reviver is slow, and few bodies have such a number.
  const mayNeedText = /\d{16}|\d[eE]\+?\d{3}/.test(text);
  try {
    return mayNeedText ? JSON.parse(text, exactNumber) : JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new InvalidUpload('The body must be JSON');
    throw error;
  }
}

/** JavaScript passes the source of a value to revivers since ES2025; TypeScript's library doesn't know it yet. */
function exactNumber(this: unknown, _: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  const fits = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  return fits ? value : context.source;
}

/**
 * Returns the transactions of an upload. Members that the contract doesn't have are ignored, so that newer clients
 * work. `null` isn't the same as absent, and is refused.
 *
 * @throws InvalidUpload
 */
export function readUpload(
  body: unknown,
  maxTransactions: number,
  maxEntries: number,
): UploadedTransaction[] {
  const { transactions } = object(body, 'The body');
  const list = array(transactions, 'transactions');
  if (list.length < 1 || list.length > maxTransactions) {
    throw new InvalidUpload(`transactions must have 1 to ${maxTransactions} members, not ${list.length}`);
  }
  return list.map((transaction, index) => {
    const read = readTransaction(transaction, `transactions[${index}]`);
    if (read.crud.length <= maxEntries) return read;
    throw new InvalidUpload(`transactions[${index}].crud must have at most ${maxEntries} members`);
  });
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

/** Deeper than any row that an app writes, and far from the end of the stack. */
const MAX_DEPTH = 100;

/**
 * Refuses text that databases store as something else or not at all: NUL, and half of a surrogate pair. Refuses values
 * that are nested too deep to be worked on.
 *
 * @throws WriteRefused INVALID_DATA
 */
export function checkStorable(entry: UploadedEntry): void {
  const { id, table, op_data, previous_values, metadata } = entry;
  checkValue([id, table, op_data, previous_values, metadata], MAX_DEPTH);
}

function checkValue(value: unknown, depthLeft: number): void {
  if (typeof value === 'string') {
    if (value.includes('\0'))
      throw new WriteRefused('INVALID_DATA', "Text with a NUL character can't be stored");
    if (!value.isWellFormed())
      throw new WriteRefused('INVALID_DATA', "Text with half of a surrogate pair can't be stored");
  } else if (typeof value === 'object' && value !== null) {
    if (depthLeft === 0)
      throw new WriteRefused('INVALID_DATA', `A value is nested more than ${MAX_DEPTH} levels deep`);
    for (const [name, member] of Object.entries(value)) {
      checkValue(name, depthLeft);
      checkValue(member, depthLeft - 1);
    }
  }
}
