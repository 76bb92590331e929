// `PUT`, `PATCH` and `DELETE /api/rows/:table/:id`: one request for each changed row, as in a REST API.
//
// A local transaction of the app isn't atomic here: each row is its own transaction.

import { type ApplyOptions, applyTransactions } from './apply-transactions.ts';
import { quoted } from './database.ts';
import { refusalOf } from './refusal.ts';
import { key as checkKey, object, readEntry } from './validate.ts';

export interface RowRequest {
  op: string;
  table: string;
  id: string;
  /** The columns as JSON; a DELETE has none. */
  columns: unknown;
  /** The `Idempotency-Key` header. */
  key: string | undefined;
}

export async function writeRow(
  options: ApplyOptions,
  userId: string,
  request: RowRequest,
): Promise<Response> {
  const { op, table, id, columns, key } = request;
  const op_data = op === 'DELETE' ? undefined : object(columns, 'the body');
  const transaction = {
    ...(key !== undefined && { idempotency_key: checkKey(key, 'the Idempotency-Key header') }),
    crud: [readEntry({ op, table, id, op_data }, 'the request')],
  };
  const [result] = await applyTransactions({ ...options, onMissingRow: 'refuse' }, userId, [transaction]);
  return (
    refusalOf(result) ?? (await storedRow(options, userId, request)) ?? new Response(null, { status: 204 })
  );
}

/** `GET /api/rows/:table/:id`: the user's row. For tools that check what arrived. */
export async function readRow(
  options: ApplyOptions,
  userId: string,
  { table, id }: Pick<RowRequest, 'table' | 'id'>,
): Promise<Response> {
  const row = options.tables.has(table)
    ? await storedRow(options, userId, { op: 'GET', table, id })
    : undefined;
  return row ?? Response.json({ message: 'No such row' }, { status: 404 });
}

/** The row as it is stored now. It may be gone: before a late replay, somebody may have deleted it. */
async function storedRow(
  { database }: ApplyOptions,
  userId: string,
  { op, table, id }: Pick<RowRequest, 'op' | 'table' | 'id'>,
): Promise<Response | undefined> {
  if (op === 'DELETE') return undefined;
  const { rows } = await database.query<{ row: object }>(
    `select to_json(stored) as row from ${quoted(table)} as stored where id = $1 and owner_id = $2`,
    [id, userId],
  );
  return rows[0] && Response.json(rows[0].row);
}
