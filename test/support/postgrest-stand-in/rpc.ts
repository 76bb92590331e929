import type { Transaction } from '@electric-sql/pglite';
import type { Answer, Asked } from './answer.ts';
import { readArguments } from './catalog.ts';
import { PostgrestError } from './errors.ts';
import { quoted } from './sql.ts';

/** `POST /rpc/<name>` with an object of arguments. */
export async function callFunction(
  transaction: Transaction,
  { method, body, text, schema, claims }: Asked,
  name: string,
): Promise<Answer> {
  if (method !== 'POST') throw new PostgrestError(405, 'PGRST101', `Cannot use the ${method} method on RPC`);
  const names = Object.keys((body as object | null) ?? {});
  const { arguments: args, returns } = await readArguments(transaction, schema, name, names);
  await transaction.exec(`set local role ${quoted(claims.role ?? 'anon')}`);

  const called = `${quoted(schema)}.${quoted(name)}(${args.map((each) => `${quoted(each.name)} := given.${quoted(each.name)}`)})`;
  const given = args.map((each) => `${quoted(each.name)} ${each.type}`);
  const from = args.length > 0 ? ` from json_to_record($1::json) as given(${given})` : '';
  const { rows } = await transaction.query<{ answer: unknown }>(
    `select ${returns === 'void' ? called : `to_json(${called})`} as answer${from}`,
    args.length > 0 ? [text] : [],
  );
  if (returns === 'void') return { status: 204 };
  return {
    status: 200,
    headers: { 'content-range': '0-0/*' },
    body: JSON.stringify(rows[0]?.answer ?? null),
  };
}
