// Reads the body of an upload. Here its shape is checked by hand, in forty lines; you can also use a schema library.

import type { Operation, UploadedEntry, UploadedTransaction } from './contract.ts';

export const MAX_TRANSACTIONS = 50;

/** The body isn't an upload: the answer is 400. Retrying doesn't help, so the message says what is wrong. */
export class InvalidUpload extends Error {
  override name = 'InvalidUpload';
}

/**
 * Returns the transactions of an upload, with the members of the contract and nothing else. Unknown members are
 * ignored, so that newer clients work. `null` is refused: it isn't the same as absent.
 */
export function readUpload(body: unknown): UploadedTransaction[] {
  const { transactions } = object(body, 'the body');
  const list = array(transactions, 'transactions');
  if (list.length < 1 || list.length > MAX_TRANSACTIONS) {
    throw new InvalidUpload(`transactions must have 1 to ${MAX_TRANSACTIONS} members, not ${list.length}`);
  }
  return list.map((transaction, index) => readTransaction(transaction, `transactions[${index}]`));
}

function readTransaction(value: unknown, path: string): UploadedTransaction {
  const { transaction_id, idempotency_key, crud } = object(value, path);
  return {
    ...optional({ transaction_id }, path, integer),
    ...optional({ idempotency_key }, path, key),
    crud: array(crud, `${path}.crud`).map((entry, index) => readEntry(entry, `${path}.crud[${index}]`)),
  };
}

export function readEntry(value: unknown, path: string): UploadedEntry {
  const { id, op, table, transaction_id, op_data, previous_values, metadata } = object(value, path);
  return {
    id: string(id, `${path}.id`),
    op: operation(op, `${path}.op`),
    table: string(table, `${path}.table`),
    ...optional({ transaction_id }, path, integer),
    ...optional({ op_data }, path, object),
    ...optional({ previous_values }, path, object),
    ...optional({ metadata }, path, string),
  };
}

/** Checks one member that may be absent: `{ name: value }` becomes `{ name: checked }` or `{}`. */
export function optional<Name extends string, Value>(
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

export function object(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidUpload(`${path} must be an object`);
  }
  return value as Record<string, unknown>;
}

export function array(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) throw new InvalidUpload(`${path} must be an array`);
  return value;
}

function string(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new InvalidUpload(`${path} must be a string`);
  return value;
}

export function integer(value: unknown, path: string): number {
  if (!Number.isSafeInteger(value)) throw new InvalidUpload(`${path} must be an integer`);
  return value as number;
}

function operation(value: unknown, path: string): Operation {
  if (value !== 'PUT' && value !== 'PATCH' && value !== 'DELETE') {
    throw new InvalidUpload(`${path} must be PUT, PATCH or DELETE`);
  }
  return value;
}

/** Only plain characters, so that two different keys are still different when they are stored. */
export function key(value: unknown, path: string): string {
  if (!/^[\x21-\x7e]{1,255}$/.test(string(value, path))) {
    throw new InvalidUpload(`${path} must be 1 to 255 visible ASCII characters`);
  }
  return value as string;
}
