// Writes openapi/write-api.json: the contract of the write API for other languages, with real answers of the handler as
// examples. `node scripts/openapi.ts --check` fails if the file isn't what this would write.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { createWriteHandler, postgres, Unauthenticated } from '../src/server/index.ts';
import { type Example, openApi } from '../src/server/openapi.ts';

const root = join(import.meta.dirname, '..');
const file = join(root, 'openapi/write-api.json');

const client = await PGlite.create();
await client.exec(await readFile(join(root, 'sql/server/postgres.sql'), 'utf8'));
await client.exec(`
  create table lists (id text primary key, name text not null, owner_id text not null);
  insert into lists values ('of-bob', 'Work', 'bob')`);
const { fetch, checkpointRequest } = createWriteHandler({
  database: postgres(client),
  authenticate(request) {
    if (request.headers.get('authorization') !== 'Bearer ann') throw new Unauthenticated();
    return { id: 'ann' };
  },
  tables: { lists: { columns: ['name'], owner: 'owner_id' } },
});
const unavailable = createWriteHandler({
  database: { ...postgres(client), transaction: () => Promise.reject(new Error('down')) },
  authenticate: () => ({ id: 'ann' }),
  tables: { lists: { columns: ['name'], owner: 'owner_id' } },
  onError: () => {},
});

async function example(
  summary: string,
  request: unknown,
  answer = fetch,
  { authorization = 'Bearer ann' } = {},
): Promise<Example> {
  const body = JSON.stringify(request);
  const response = await answer(
    new Request('https://api.example.com/api/data', { method: 'POST', headers: { authorization }, body }),
  );
  return { summary, request, status: response.status, answer: await response.json() };
}

const put = (id: string, op_data: object) => ({ op: 'PUT', table: 'lists', id, op_data });
const applied = {
  transactions: [
    { transaction_id: 1, idempotency_key: 'f3c1:1', crud: [put('l1', { name: 'Food' })] },
    {
      transaction_id: 2,
      idempotency_key: 'f3c1:2',
      crud: [
        {
          op: 'PATCH',
          table: 'lists',
          id: 'l1',
          op_data: { name: 'Groceries' },
          previous_values: { name: 'Food' },
        },
        put('l2', { name: 'Old' }),
        { op: 'DELETE', table: 'lists', id: 'l2' },
      ],
    },
  ],
};
const refused = {
  transactions: [
    { idempotency_key: 'f3c1:3', crud: [put('l3', { name: 'Garden' }), put('of-bob', { name: 'Mine' })] },
    { idempotency_key: 'f3c1:4', crud: [put('l4', { name: 'Behind' })] },
  ],
};
const writes = [
  await example('Two transactions', applied),
  await example('The same again, which is not applied again', applied),
  await example('Refused, with one behind it', refused),
];
// Requests that the schema has nothing against are shown above; these are shown by their answers.
const withoutRequest = ({ request: _, ...others }: Example): Example => ({ ...others, request: undefined });
const problems = [
  await example('No transactions', { transactions: [] }),
  await example('No token', applied, fetch, { authorization: '' }),
  await example('Too large', { transactions: [], padding: 'x'.repeat(1_000_000) }),
  await example('Not now', applied, unavailable.fetch),
].map(withoutRequest);
const checkpoint = (id: string) => ({ client_id: '7d44', checkpoint_request_id: id });
const checkpoints = [
  await example('A greater id', checkpoint('8'), checkpointRequest),
  await example('A smaller id', checkpoint('5'), checkpointRequest),
  withoutRequest(await example('No id', { client_id: '7d44' }, checkpointRequest)),
];
await client.close();

const document = `${JSON.stringify(openApi([...writes, ...problems], checkpoints), undefined, 2)}\n`;
if (process.argv.includes('--check')) {
  if ((await readFile(file, 'utf8').catch(() => '')) !== document) {
    console.error('openapi/write-api.json is not that of the code. Run: node scripts/openapi.ts');
    process.exitCode = 1;
  }
} else {
  await mkdir(join(root, 'openapi'), { recursive: true });
  await writeFile(file, document);
}
