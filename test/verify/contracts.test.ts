import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import { CONTRACTS, type Contract } from '../../src/verify/contracts.ts';
import { verify } from '../../src/verify/verify.ts';
import { startNodejs } from '../support/published-backends/nodejs.ts';

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
    timeoutMs: 5_000,
  });
  const not = (status: string) => report.checks.filter((each) => each.status === status);
  expect([...not('violation'), ...not('warning')]).toEqual([]);
  expect(not('skipped').map(({ check }) => check)).toEqual(skipped);
  expect(report.rowsLeft).toBe(0);
});

it('verifies a published backend by its preset', async () => {
  const standIn = await startNodejs(); // until the end of the test
  const target = {
    url: standIn.url,
    contract: CONTRACTS.nodejs as Contract,
    table: 'lists',
    row: { name: 'Milk {n}' }, // its names are unique
    timeoutMs: 5_000,
  };
  const good = await verify(target);
  expect(good.checks.filter(({ status }) => status === 'violation')).toEqual([]);
  expect(good.checks[0]).toMatchObject({ status: 'ok' });
  standIn.answerInstead({
    status: 400,
    body: { message: 'Request failed: connect ECONNREFUSED 127.0.0.1:5432' },
  });
  const { passed, checks } = await verify(target);
  expect([passed, checks[0]?.status]).toEqual([false, 'violation']);
});
