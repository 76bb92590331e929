import type { PGlite } from '@electric-sql/pglite';
import { quoted } from './sql.ts';

/**
 * Counts the committed database transactions that write to tables, whatever their keys: a replay that wasn't recognised
 * counts again. Returns a function that returns their number.
 */
export async function countExecutions(
  database: PGlite,
  tables: readonly string[],
): Promise<() => Promise<number>> {
  await database.exec(`
    create schema counted;
    create table counted.transactions (id xid8 primary key);
    create function counted.remember() returns trigger language plpgsql security definer as $$
      begin
        insert into counted.transactions values (pg_current_xact_id()) on conflict do nothing;
        return null;
      end
    $$;
  `);
  for (const table of tables) {
    await database.exec(
      `create trigger counted after insert or update or delete on ${quoted(table)}
         for each statement execute function counted.remember()`,
    );
  }
  return async () => {
    const { rows } = await database.query<{ count: number }>(
      'select count(*)::int as count from counted.transactions',
    );
    return rows[0]?.count ?? Number.NaN;
  };
}
