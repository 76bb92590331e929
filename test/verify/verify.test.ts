import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import type { Target } from '../../src/verify/backend.ts';
import { CONTRACTS, type Contract, ID_PREFIX } from '../../src/verify/contracts.ts';
import { type Checked, verify } from '../../src/verify/verify.ts';
import { type Fault, headers, instead, parse, results, startVariant, upload, withBody } from './variants.ts';

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend({ log: () => {} });
});
afterAll(() => backend.close());

let users = 0;

/** Verifies the example backend behind a fault, as a user of its own. */
async function run(fault?: Fault, changes: Partial<Target> = {}) {
  const user = `user-${++users}`;
  const variant = await startVariant(backend, fault);
  const report = await verify({
    url: variant.write,
    contract: CONTRACTS['write-api'] as Contract,
    table: 'lists',
    row: { name: 'Milk' },
    badRow: { name: '' },
    token: await backend.issueToken(user),
    readUrl: variant.read,
    timeoutMs: 30_000,
    ...changes,
  });
  return { user, report };
}

const named = (checks: readonly Checked[], status: Checked['status']) =>
  checks.filter((each) => each.status === status).map(({ check }) => check);

it('finds nothing in the good backend, and leaves nothing there', async () => {
  const { report, user } = await run();
  expect(report.checks.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect(report).toMatchObject({ passed: true, rowsLeft: 0 });
  expect(await backend.snapshot(user)).toEqual({ lists: [], todos: [] });
});

it('writes only rows whose ids have its prefix', async () => {
  const ids = new Set<string>();
  await run(
    upload((sent) => {
      for (const { id } of sent.transactions.flatMap(({ crud }) => crud ?? [])) ids.add(String(id));
      return sent;
    }),
  );
  ids.delete('undefined'); // of a malformed body
  expect(ids.size).toBeGreaterThan(50);
  expect([...ids].filter((id) => !id.startsWith(`${ID_PREFIX}-`))).toEqual([]);
});

const success = { status: 'success' };
const isUpload = (request: Request) => request.method === 'POST';

/** Each fault, and the check that has to find it. */
const FAULTS: readonly [check: string, what: string, fault: Fault][] = [
  ['a write is applied', 'refuses everything', instead(isUpload, () => Response.json({}, { status: 400 }))],
  ['a write is applied', 'is down', instead(isUpload, () => new Response(null, { status: 503 }))],
  ['a write is applied', 'answers a page', instead(isUpload, () => new Response('<html>'))],
  ['a write is applied', 'cuts the connection', async () => Promise.reject(new Error('cut'))],
  [
    'applied means visible',
    'applies after it has answered',
    async (request, forward) => {
      const sent = parse(await request.clone().text()) as { transactions?: unknown[] };
      if (!Array.isArray(sent?.transactions)) return forward(request);
      setTimeout(() => void forward(request).catch(() => {}), 3_000);
      return Response.json({ results: sent.transactions.map(() => success) });
    },
  ],
  [
    'order',
    'applies the last transaction first',
    async (request, forward) => {
      const sent = parse(await request.clone().text()) as { transactions?: { crud: unknown[] }[] };
      if (sent?.transactions?.length !== 4) return forward(request);
      const answer = await forward(withBody(request, { transactions: [...sent.transactions].reverse() }));
      const { results: all } = (await answer.json()) as { results: object[] };
      return Response.json({ results: all.reverse() });
    },
  ],
  [
    'atomicity',
    'applies entry by entry',
    async (request, forward) => {
      const sent = parse(await request.clone().text()) as { transactions?: { crud?: object[] }[] };
      const entries = sent?.transactions?.[0]?.crud ?? [];
      if (sent?.transactions?.length !== 1 || entries.length < 2) return forward(request);
      for (const entry of entries) {
        const answer = await forward(withBody(request, { transactions: [{ crud: [entry] }] }));
        const { results: all } = (await answer.clone().json()) as { results: { status: string }[] };
        if (all[0]?.status !== 'success') return answer;
      }
      return Response.json({ results: [success] });
    },
  ],
  [
    'atomicity',
    'says that a half-applied transaction was applied',
    results((all, { transactions }) => (transactions[0]?.crud.length === 2 ? [success] : all)),
  ],
  [
    'idempotent replay',
    'does not know keys',
    upload(({ transactions }) => ({
      transactions: transactions.map(({ idempotency_key, ...rest }) => rest),
    })),
  ],
  [
    'idempotent replay',
    'refuses what it knows already',
    (() => {
      const seen = new Set<string>();
      return results((all, { transactions }) =>
        transactions.map(({ idempotency_key: key = '' }, index) => {
          const isKnown = seen.has(key);
          seen.add(key);
          const refusal = { status: 'fatal_error', requires_client_handling: false };
          return isKnown ? { ...refusal, failed_operation: { error_code: 'DUPLICATE' } } : (all[index] ?? {});
        }),
      );
    })(),
  ],
  [
    'idempotent replay',
    'forgets a key when the next comes',
    (() => {
      let last: string | undefined;
      return upload(({ transactions }) => ({
        transactions: transactions.map(({ idempotency_key, ...rest }) => {
          const isKnown = idempotency_key === last;
          last = idempotency_key;
          return isKnown && idempotency_key !== undefined ? { ...rest, idempotency_key } : rest;
        }),
      }));
    })(),
  ],
  [
    'idempotent replay',
    'drops the keys of rows that are deleted',
    (() => {
      const deleted = new Set<string>();
      return upload(({ transactions }) => ({
        transactions: transactions.map(({ idempotency_key, ...rest }) => {
          for (const { op, id } of rest.crud ?? []) if (op === 'DELETE') deleted.add(id);
          const isForgotten = rest.crud?.some(({ id }) => deleted.has(id));
          return { ...rest, ...(!isForgotten && idempotency_key !== undefined && { idempotency_key }) };
        }),
      }));
    })(),
  ],
  [
    'a constraint violation',
    'answers 422',
    results((all) => (all[0]?.status === 'fatal_error' ? Response.json({}, { status: 422 }) : all)),
  ],
  [
    'a constraint violation',
    'answers 500',
    results((all) => (all[0]?.status === 'fatal_error' ? new Response(null, { status: 500 }) : all)),
  ],
  [
    'a constraint violation',
    'asks to try again',
    results((all) =>
      all.map((each) => (each.status === 'fatal_error' ? { status: 'retryable_error' } : each)),
    ),
  ],
  [
    'a constraint violation',
    'has one code for everything',
    results((all) =>
      all.map((each) =>
        each.status === 'fatal_error'
          ? { ...each, failed_operation: { error_code: 'UNCLASSIFIED_ERROR' } }
          : each,
      ),
    ),
  ],
  [
    'a constraint violation',
    'says that it was applied',
    results((all, { transactions }) =>
      all.map((each, index) =>
        transactions[index]?.crud.some(({ op_data }) => op_data?.name === '') ? success : each,
      ),
    ),
  ],
  [
    'an unknown table',
    'ignores it',
    upload(({ transactions }) => ({
      transactions: transactions.map((each) => ({
        ...each,
        crud: each.crud?.map((entry) =>
          entry.table?.startsWith('no_such')
            ? { ...entry, table: 'lists', op_data: { name: 'taken' } }
            : entry,
        ),
      })),
    })),
  ],
  [
    'an unknown table',
    'answers 500',
    instead(
      (_, text) => text.includes('no_such_table'),
      () => new Response(null, { status: 500 }),
    ),
  ],
  [
    'a malformed body',
    'takes what it does not know',
    instead(
      (request, text) =>
        isUpload(request) && !Array.isArray((parse(text) as { transactions?: [] })?.transactions),
      () => Response.json({ status: 'ok' }),
    ),
  ],
  [
    'a malformed body',
    'fails on what is no JSON',
    instead(
      (request, text) => isUpload(request) && parse(text) === undefined,
      () => new Response(null, { status: 500 }),
    ),
  ],
  [
    'tokens',
    'asks for none',
    async (request, forward, backend) => {
      const given = new Headers(request.headers);
      given.set('authorization', `Bearer ${await backend.issueToken('ada')}`);
      return forward(new Request(request, { headers: given }));
    },
  ],
  [
    'tokens',
    'answers 403',
    async (request, forward) => {
      const answer = await forward(request);
      return answer.status === 401 ? Response.json({}, { status: 403 }) : answer;
    },
  ],
  [
    'many transactions',
    'takes 20',
    instead(
      (_, text) => ((parse(text) as { transactions?: [] })?.transactions?.length ?? 0) > 20,
      () => Response.json({ message: 'too many' }, { status: 400 }),
    ),
  ],
  [
    'many transactions',
    'leaves out a result',
    results((all, { transactions }) => (transactions.length === 50 ? all.slice(1) : all)),
  ],
  [
    'one transaction too many',
    'drops one',
    async (request, forward) => {
      const sent = parse(await request.clone().text()) as { transactions?: unknown[] };
      if ((sent?.transactions?.length ?? 0) <= 50) return forward(request);
      return forward(withBody(request, { transactions: sent.transactions?.slice(0, 50) }));
    },
  ],
  [
    'the size of a body',
    'takes 50 kB',
    instead(
      (request, text) => isUpload(request) && text.length > 50_000,
      () => Response.json({}, { status: 413 }),
    ),
  ],
  [
    'the size of a body',
    'answers 400 to what is too large',
    async (request, forward) => {
      const answer = await forward(request);
      return answer.status === 413 ? Response.json({}, { status: 400 }) : answer;
    },
  ],
  ['content types', 'calls JSON a page', headers((given) => given.set('content-type', 'text/html'))],
];

/** Faults that matter in browsers only. */
const WARNINGS: readonly [check: string, what: string, fault: Fault][] = [
  [
    'a 413 in browsers',
    'refuses before its CORS middleware',
    async (request, forward) => {
      const answer = await forward(request);
      return answer.status === 413 ? Response.json({}, { status: 413 }) : answer;
    },
  ],
  ['CORS preflight', 'knows no CORS', headers((given) => given.delete('access-control-allow-origin'))],
  [
    'CORS preflight',
    'allows no authorization',
    headers((given) => given.set('access-control-allow-headers', 'content-type,*')),
  ],
  [
    'CORS preflight',
    'refuses OPTIONS',
    instead(
      ({ method }) => method === 'OPTIONS',
      () => new Response(null, { status: 405 }),
    ),
  ],
  [
    'headers a browser may read',
    'exposes none',
    headers((given) => given.delete('access-control-expose-headers')),
  ],
  [
    'headers a browser may read',
    'refuses before its CORS middleware',
    async (request, forward) => {
      const answer = await forward(request);
      return answer.status === 400 ? Response.json({}, { status: 400 }) : answer;
    },
  ],
];

describe('a backend that', () => {
  it.each(FAULTS)('%s: %s: is found out', async (check, _, fault) => {
    const { report } = await run(fault);
    expect(named(report.checks, 'violation')).toContain(check);
    expect(report.passed).toBe(false);
  });

  it.each(WARNINGS)('%s: %s: gets a warning, and passes', async (check, _, fault) => {
    const { report } = await run(fault);
    expect(named(report.checks, 'warning')).toContain(check);
    expect(report.passed).toBe(true);
  });

  it('every check is seen to fail', async () => {
    const { report } = await run();
    const failed = new Set([...FAULTS, ...WARNINGS].map(([check]) => check));
    failed.add('ids are kept'); // in rows.test.ts: results of the write API hold no ids
    expect(report.checks.map(({ check }) => check).filter((check) => !failed.has(check))).toEqual([]);
  });

  it('applies nothing is not asked all the rest', async () => {
    const { report } = await run(instead(isUpload, () => new Response(null, { status: 500 })));
    expect(named(report.checks.slice(1), 'skipped')).toHaveLength(report.checks.length - 1);
  });
});

it('says what it could not check', async () => {
  const { report } = await run(undefined, { badRow: undefined, readUrl: undefined });
  expect(report.passed).toBe(true);
  expect(named(report.checks, 'skipped')).toEqual([
    'ids are kept',
    'applied means visible',
    'order',
    'atomicity',
    'idempotent replay',
    'a constraint violation',
  ]);
});

it('says when rows could not be deleted again', async () => {
  const { report } = await run(
    instead(
      (_, text) => text.includes('"DELETE"'),
      () => new Response(null, { status: 500 }),
    ),
  );
  expect(report.rowsLeft).toBeGreaterThan(50);
  expect(report.left).toHaveLength(report.rowsLeft);
  expect(report.left[0]?.why).toMatch(/^DELETE was not applied: \[unavailable\]/);
});
