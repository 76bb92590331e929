import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import { CONTRACTS, type Contract } from '../../src/verify/contracts.ts';
import { verify } from '../../src/verify/verify.ts';
import { startLocalServer } from '../support/service-stand-in/local-server.ts';

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend({ log: () => {} });
});
afterAll(() => backend.close());

it.each([
  ['batch', '/api/batch', ['many transactions', 'one transaction too many', 'the size of a body']],
  ['graphql', '/graphql', ['one transaction too many']],
  ['connect', '', ['one transaction too many']],
  [
    'rows',
    '/api/rows',
    [
      'atomicity',
      'a malformed body',
      'many transactions',
      'one transaction too many',
      'the size of a body',
      'a 413 in browsers',
      'headers a browser may read',
    ],
  ],
])('finds nothing in the good backend by the contract %s', async (name, path, skipped) => {
  const report = await verify({
    url: name === 'connect' ? (await backend.serveGrpc()).url : backend.url + path,
    contract: CONTRACTS[name] as Contract,
    table: 'lists',
    row: { name: 'Milk' },
    badRow: { name: '' },
    token: await backend.issueToken(name),
    readUrl: `${backend.url}/api/rows/{table}/{id}`,
    options: name === 'rows' ? { idempotencyHeader: 'Idempotency-Key' } : undefined,
    timeoutMs: 30_000,
  });
  const not = (status: string) => report.checks.filter((each) => each.status === status);
  expect([...not('violation'), ...not('warning')]).toEqual([]);
  expect(not('skipped').map(({ check }) => check)).toEqual(skipped);
  expect(report.rowsLeft).toBe(0);
});

it.each(Object.keys(CONTRACTS))('%s: without a token it sends writes without one', async (name) => {
  const sent: [method: string | undefined, authorization: string | undefined][] = [];
  const server = await startLocalServer(async ({ method, headers }, response) => {
    if (method !== 'GET') sent.push([method, headers.authorization]);
    response.writeHead(503).end();
  });
  onTestFinished(() => server.close());
  const contract = CONTRACTS[name] as Contract;
  await verify({ url: server.url, contract, table: 'lists', row: { name: 'Milk' }, timeoutMs: 5_000 });
  expect(sent.length).toBeGreaterThan(0);
  expect(sent.filter(([, authorization]) => authorization !== undefined)).toEqual([]);
});
