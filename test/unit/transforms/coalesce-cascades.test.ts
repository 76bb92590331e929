import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { UploadEntry } from '../../../src/queue/transaction.ts';
import { coalesce } from '../../../src/transforms/index.ts';
import { sent, transactionOf } from './support.ts';

// The server is real SQLite, with what a server may do behind an entry: cascades, references that are emptied, references
// by id and by another column, unique values.
const SCHEMA = `
  pragma foreign_keys = on;
  create table parents (id text primary key, code text unique, n integer);
  create table kids (id text primary key, parent text references parents on delete cascade, u integer unique, n integer);
  create table pets (id text primary key, parent text references parents on delete set null, u integer unique);
  create table notes (
    id text primary key,
    code text references parents (code) on update cascade on delete cascade,
    kid text references kids on delete cascade,
    u integer unique
  );
  create table strict (id text primary key, parent text references parents, code text references parents (code));
`;
const ROWS = ['parents', 'kids', 'pets', 'notes', 'strict'].flatMap((table) =>
  ['1', '2'].map((n) => ({ table, id: `${table}${n}` })),
);
const value = {
  code: fc.constantFrom('A', 'B', 'C', null),
  parent: fc.constantFrom('parents1', 'parents2', null),
  kid: fc.constantFrom('kids1', 'kids2', null),
  u: fc.constantFrom(1, 2, null),
  n: fc.nat(2),
};
const COLUMNS: Record<string, (keyof typeof value)[]> = {
  parents: ['code', 'n'],
  kids: ['parent', 'u', 'n'],
  pets: ['parent', 'u'],
  notes: ['code', 'kid', 'u'],
  strict: ['parent', 'code'],
};
const change = fc.record({
  op: fc.constantFrom('PUT', 'PUT', 'PATCH', 'PATCH', 'PATCH', 'DELETE'),
  row: fc.constantFrom(...ROWS),
  all: fc.record(value),
  taken: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
});

function toEntry({ op, row, all, taken }: typeof change extends fc.Arbitrary<infer T> ? T : never) {
  const columns = (COLUMNS[row.table] ?? []).filter((_, index) => taken[index]);
  const opData = Object.fromEntries(columns.map((name) => [name, all[name]]));
  return { ...row, op, opData: op === 'DELETE' ? undefined : opData };
}

/** Throws what the server refuses. A PUT is of a new row. */
function apply(server: DatabaseSync, { op, table, id, opData = {} }: UploadEntry): void {
  const names = Object.keys(opData);
  const values = Object.values(opData) as (string | number | null)[];
  if (op === 'DELETE') server.prepare(`delete from ${table} where id = ?`).run(id);
  else if (op === 'PUT') {
    const places = names.map(() => ', ?').join('');
    server
      .prepare(`insert into ${table} (id${names.map((name) => `, ${name}`).join('')}) values (?${places})`)
      .run(id, ...values);
  } else if (names.length > 0) {
    const sets = names.map((name) => `${name} = ?`).join();
    server.prepare(`update ${table} set ${sets} where id = ?`).run(...values, id);
  }
}

function contentOf(server: DatabaseSync): unknown[] {
  return Object.keys(COLUMNS).map((table) => server.prepare(`select * from ${table} order by id`).all());
}

it('leads to the same rows on a server that cascades, and is taken wherever the transaction is', async () => {
  const server = new DatabaseSync(':memory:');
  server.exec(SCHEMA);
  let shorter = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 5, maxLength: 20 }),
      fc.array(change, { minLength: 3, maxLength: 20 }),
      async (before, changes) => {
        server.exec('begin');
        try {
          const take = (entry: UploadEntry): boolean => {
            try {
              apply(server, entry);
              return true;
            } catch {
              return false;
            }
          };
          for (const entry of transactionOf(...before.map(toEntry))) take(entry);
          server.exec('savepoint before');
          const entries = transactionOf(...changes.map(toEntry)).filter(take);
          const expected = contentOf(server);
          server.exec('rollback to before');
          const merged = await sent(coalesce(), entries);
          for (const entry of merged) apply(server, entry);
          expect(contentOf(server)).toEqual(expected);
          shorter += entries.length - merged.length;
        } finally {
          server.exec('rollback');
        }
      },
    ),
    { numRuns: 2_000 },
  );
  expect(shorter).toBeGreaterThan(100);
  server.close();
}, 60_000);

it('takes a large transaction in its stride', async () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => `r${index}`);
  const puts = rows.map((id) => ({ op: 'PUT', id, opData: { text: `text of ${id}`, n: 1 } }));
  const patches = rows.map((id) => ({ op: 'PATCH', id, opData: { n: 2 } }));
  const started = performance.now();
  expect(await sent(coalesce(), transactionOf(...puts, ...patches))).toHaveLength(20_000);
  expect(performance.now() - started).toBeLessThan(5_000);
});
