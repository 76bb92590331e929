// What `verify` says of backends by rows, with and without a url to read rows back.
import { describe, expect, it } from 'vitest';
import { UploadError } from '../../src/error/upload-error.ts';
import { rowEndpoints } from '../../src/http/row-endpoints.ts';
import type { Target } from '../../src/verify/backend.ts';
import { CONTRACTS, type Contract } from '../../src/verify/contracts.ts';
import { type VerifyReport, verify } from '../../src/verify/verify.ts';
import { type RowServer, type RowServerOptions, startRowServer } from './row-server.ts';

const WITH_KEYS = { idempotencyHeader: 'Idempotency-Key' };

async function run(options: RowServerOptions = {}, changes: Partial<Target> = {}) {
  const server = await startRowServer(options);
  const target = { url: server.url, contract: CONTRACTS.rows as Contract, table: 'lists', timeoutMs: 5_000 };
  const row = { name: 'Milk {n}', price: 1.5 };
  const report = await verify({
    ...target,
    row,
    badRow: { name: '' },
    readUrl: server.readUrl,
    options: WITH_KEYS,
    ...changes,
  });
  return { server, report };
}

const check = ({ checks }: VerifyReport, name: string) => checks.find((each) => each.check === name);
const violations = ({ checks }: VerifyReport) =>
  checks.filter(({ status }) => status === 'violation').map((each) => each.check);
const repeated = ({ writes }: RowServer) => writes.filter((each, index) => writes.indexOf(each) !== index);

describe('a replay by rows', () => {
  it('is sent: the transport of a new start of the app remembers nothing', async () => {
    const { server, report } = await run();
    expect(repeated(server).slice(0, 3)).toEqual(
      [/^PUT/, /^DELETE/, /^PUT/].map((each) => expect.stringMatching(each)),
    );
    expect(check(report, 'idempotent replay')).toMatchObject({
      status: 'ok',
      message:
        'Sent: a PUT again after a PATCH, and another after a DELETE. Both were answered as applied, and undid nothing.',
    });
  });

  it('may be answered by a read: a transport that asks first whether the row is there', async () => {
    const transport: Contract['transport'] = (url, http, options) => {
      const send = rowEndpoints({ ...options, url, ...http });
      return async (batch, context) => {
        const [entry] = batch.transactions[0]?.entries ?? [];
        const { status } = await http.fetch(`${url}/lists/${entry?.id}`);
        return status === 404 && entry?.op === 'DELETE' ? [{ status: 'applied' }] : send(batch, context);
      };
    };
    const { report } = await run({}, { contract: { ...(CONTRACTS.rows as Contract), transport } });
    expect(check(report, 'idempotent replay')).toMatchObject({ status: 'ok' });
  });

  it('that is not sent is not called ok', async () => {
    const known = new Set<string>(); // beyond the transport, as a key memory in storage would be
    const transport: Contract['transport'] = (url, http, options) => {
      const send = rowEndpoints({ ...options, url, ...http });
      return async (batch, context) => {
        const key = batch.transactions[0]?.key ?? '';
        if (known.has(key)) return [{ status: 'applied' }];
        known.add(key);
        return send(batch, context);
      };
    };
    const { report } = await run({}, { contract: { ...(CONTRACTS.rows as Contract), transport } });
    expect(check(report, 'idempotent replay')).toMatchObject({
      status: 'skipped',
      message: 'Not checked: the PUT was not sent a second time.',
    });
  });

  it('does harm where PUT overwrites: a warning without keys, because no backend can know a replay then', async () => {
    const { report } = await run({}, { options: undefined });
    expect(check(report, 'idempotent replay')).toMatchObject({ status: 'warning' });
    expect(check(report, 'idempotent replay')?.message).toMatch(
      /^Sent: a PUT, a PATCH of the same row, the PUT again\. After that, name was no .*the row was back\. .*undoes what others wrote since\. No second row was made\.$/,
    );
    expect(report.passed).toBe(true);
  });

  it('does harm where PUT overwrites: a violation where a key was sent for that', async () => {
    const { report } = await run({ keepsKeys: false });
    expect(check(report, 'idempotent replay')).toMatchObject({ status: 'violation' });
    expect(check(report, 'idempotent replay')?.advice).toMatch(/^Keep the idempotency key/);
    expect(report.passed).toBe(false);
  });

  it('brings a deleted row back where PUT inserts only what is not there', async () => {
    const { report } = await run({ put: 'ignores', keepsKeys: false });
    expect(check(report, 'idempotent replay')?.message).toMatch(
      /^Sent: a PUT, a DELETE .* the row was back\. An app/,
    );
    expect(check(report, 'idempotent replay')?.status).toBe('violation');
  });

  it('brings no row back where the backend remembers which were deleted', async () => {
    const { report } = await run({ knowsDeleted: true }, { options: undefined });
    expect(check(report, 'idempotent replay')).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(
        /^Sent: a PUT, a PATCH .* had it\. An app .* since\. No second row was made\.$/,
      ),
    });
  });

  it('is refused where PUT only inserts', async () => {
    const { report } = await run({ put: 'refuses' }, { options: undefined });
    expect(check(report, 'idempotent replay')).toMatchObject({
      status: 'violation',
      message: expect.stringMatching(
        /^A PUT that had been applied was sent again\. It was not answered as applied/,
      ),
      advice: expect.stringMatching(/upsert/),
    });
  });

  it('of a DELETE has to be answered as applied', async () => {
    const page = () =>
      new Response('<h1>Not Found</h1>', { status: 404, headers: { 'content-type': 'text/html' } });
    const { report } = await run({ deleteOfNone: page }, { options: undefined });
    expect(check(report, 'idempotent replay')?.message).toMatch(
      /^A DELETE that had been applied was sent again\./,
    );
    expect(violations(report)).toEqual(['idempotent replay']);
    const named = () => Response.json({ code: 'NOT_FOUND' }, { status: 404 });
    expect(violations((await run({ deleteOfNone: named })).report)).toEqual([]);
  });

  it('says what could not be seen of it', async () => {
    const cases: [RowServerOptions, Partial<Target>, RegExp][] = [
      [
        {},
        { readUrl: undefined },
        /answered as applied\. Not checked: whether they undo later changes\. .*\(--read\)\.$/,
      ],
      [
        { refusesPatch: true },
        {},
        /Not checked: whether it undoes a later PATCH, because the PATCH was not applied/,
      ],
      [
        { keepsDeleted: true },
        {},
        /whether it brings back a row that was deleted, because the DELETE had no effect/,
      ],
      [
        { shows: ({ name, ...row }) => row },
        {},
        /undoes a later PATCH\. The row that --read answers lacks .*: name\.$/,
      ],
      [{}, { row: { name: null } }, /because --row has no text, number or boolean to change/],
    ];
    for (const [options, changes, expected] of cases) {
      const { report } = await run(options, changes);
      expect(check(report, 'idempotent replay')?.message).toMatch(expected);
      expect(check(report, 'idempotent replay')?.status).toBe('skipped');
    }
  });
});

describe('a row that is read', () => {
  it('may lack columns: the others are compared, and it says which were not', async () => {
    const { report } = await run({ shows: ({ price, ...row }) => row });
    expect(violations(report)).toEqual([]);
    expect(check(report, 'applied means visible')).toMatchObject({
      status: 'ok',
      message:
        'The row could be read right after the answer. The row that --read answers lacks columns that were sent, which ' +
        'were not compared: price.',
    });
  });

  it('may lack the column that is changed: then order is not known', async () => {
    const { report } = await run({ shows: ({ name, ...row }) => row });
    expect(violations(report)).toEqual([]);
    expect(check(report, 'order')).toMatchObject({
      status: 'skipped',
      message: expect.stringMatching(/: name\.$/),
    });
  });

  it('may lack all of them: then its values are not known', async () => {
    const { report } = await run({ shows: ({ id }) => ({ id, createdAt: 'now' }) });
    expect(violations(report)).toEqual([]);
    expect(check(report, 'applied means visible')).toMatchObject({
      status: 'skipped',
      message: expect.stringMatching(
        /^The row could be read right after the answer\. Not checked: its values\./,
      ),
    });
  });

  it('may write values in its own way', async () => {
    const row = { name: 'Milk', at: '2026-01-01 12:00:00', done: 1, price: 1.5, tags: '["a"]', note: null };
    const shows = (stored: Record<string, unknown>) => ({
      data: {
        ...stored,
        at: '2026-01-01T13:00:00.000+01:00',
        done: Boolean(stored.done),
        price: '1.50',
        tags: ['a'],
        note: undefined,
      },
    });
    const { report } = await run({ shows }, { row });
    expect(report.checks.filter(({ status }) => status === 'violation')).toEqual([]);
    expect(check(report, 'applied means visible')?.message).toBe(
      'The row could be read right after the answer.',
    );
  });

  it('has other values: is found, and the columns are named', async () => {
    const { report } = await run({ stores: (columns) => ({ ...columns, price: 2 }) });
    expect(check(report, 'applied means visible')).toMatchObject({
      status: 'violation',
      message: 'A PUT was answered as applied, but the row that --read shows has other values: price.',
    });
  });

  it('is another one: --read is not believed', async () => {
    const { report } = await run({ shows: (row) => ({ ...row, id: 3 }) });
    expect(check(report, 'applied means visible')?.advice).toBe('Check --read.');
    expect(check(report, 'order')?.message).toMatch(/--read answered neither the row as JSON nor 404/);
  });
});

describe('ids that the backend chooses', () => {
  it.each([
    ['with --read', {}],
    ['without', { readUrl: undefined }],
  ])('are found by the answers, %s, and every row that stays is named', async (_, changes) => {
    const { report: other } = await run({ choosesIds: true, refusesDelete: true }, changes);
    expect(other.left.map(({ id }) => id)).toEqual(['17', '18', '19', '20']);
    const { server, report } = await run({ choosesIds: true }, { options: undefined, ...changes });
    expect(violations(report)).toEqual(['ids are kept', 'idempotent replay']);
    expect(check(report, 'ids are kept')?.message).toMatch(/stored with another id: 18\./);
    expect(check(report, 'idempotent replay')?.message).toMatch(/made two rows of it: 19 and 20\.$/);
    for (const name of ['applied means visible', 'order'])
      expect(check(report, name)).toMatchObject({
        status: 'skipped',
        message: expect.stringMatching(/See "ids are kept"\.$/),
      });
    expect(report.left.map(({ id }) => id)).toEqual([...server.rows.keys()]);
    expect(report.rowsLeft).toBe(server.rows.size);
    expect(report.left[0]?.why).toMatch(/^chosen by the backend\./);
  });

  it('are told apart from a number beside the id that was sent', async () => {
    const asJob = (row: object) => Response.json({ ...row, id: 7, client_id: Object(row).id });
    expect(violations((await run({ answersPut: asJob })).report)).toEqual([]);
    const onlyRead = (row: object) => Response.json({ ...row, id: 7 });
    const { report } = await run({ answersPut: onlyRead, existing: { id: 7, name: 'Not ours' } });
    expect(violations(report)).toEqual([]);
    expect(check(report, 'order')?.status).toBe('ok');
    expect(report.left).toEqual([]);
  });

  it('are the reason where a transport takes such an answer for a refusal', async () => {
    const contract: Contract = {
      ...(CONTRACTS.rows as Contract),
      idAdvice: 'Keep them.',
      transport: (url, http, options) =>
        rowEndpoints({
          ...options,
          url,
          ...http,
          decode: ({ json }, { id }) =>
            json?.id !== undefined && String(json.id) !== id
              ? { status: 'rejected', error: new UploadError('not_found', 'Another id.'), inBand: true }
              : undefined,
        }),
    };
    const { report } = await run({ choosesIds: true }, { contract });
    expect(check(report, 'a write is applied')).toMatchObject({ status: 'violation', advice: 'Keep them.' });
    expect(report.left.map(({ id }) => id)).toEqual(['17']);
  });

  it('are found where the answer has nothing but the id', async () => {
    const answersPut = (row: object) => Response.json({ id: Object(row).id });
    const { report } = await run({ choosesIds: true, answersPut }, { readUrl: undefined });
    expect(violations(report)).toContain('ids are kept');
    expect(violations((await run({ answersPut }, { readUrl: undefined })).report)).toEqual([]);
  });

  it('are not known where the answer does not show the row', async () => {
    const answersPut = () => Response.json({ message: 'Saved' });
    const { report } = await run({ answersPut }, { readUrl: undefined });
    expect(check(report, 'ids are kept')?.status).toBe('skipped');
    expect(violations((await run({ answersPut, choosesIds: true })).report)).toEqual([
      'applied means visible',
      'order',
    ]);
  });
});

it('a server that takes writes without a token is found: the check sends no header at all', async () => {
  const { report } = await run({ takesNoToken: true }, { token: 'good' });
  expect(violations(report)).toEqual(['tokens']);
  expect(check(report, 'tokens')?.message).toMatch(
    /^A request without a token was answered with HTTP status 20/,
  );
});

describe('what stays behind', () => {
  it('is a row whose DELETE is answered as applied, and does nothing', async () => {
    const { server, report } = await run({ keepsDeleted: true });
    expect(violations(report)).toEqual(['order']);
    expect(check(report, 'order')?.message).toBe(
      'A DELETE was answered as applied, but the row can still be read.',
    );
    expect(report.left.map(({ id }) => id)).toEqual([...server.rows.keys()]);
    expect(report.left[0]?.why).toMatch(/answered as applied, but the row can still be read\.$/);
  });

  it('is a row whose DELETE is refused, also one that is there though its PUT was refused', async () => {
    for (const storesBadRows of [false, true]) {
      const { server, report } = await run({ refusesDelete: true, storesBadRows });
      expect(report.left.map(({ id }) => id)).toEqual([...server.rows.keys()]);
      expect(report.left[0]?.why).toMatch(/^DELETE was not applied: \[forbidden\]/);
      const names = [...server.rows.values()].map(({ name }) => name);
      expect(names.includes('')).toBe(storesBadRows);
    }
  });

  it('may be a row whose PUT got no clear answer', async () => {
    const answersPut = ({ name }: Record<string, unknown>) =>
      name === 'later' ? new Response(null, { status: 503 }) : new Response(null, { status: 204 });
    const changes = { badRow: { name: 'later' }, readUrl: undefined };
    const { server, report } = await run({ refusesDelete: true, answersPut }, changes);
    expect(report.left.map(({ id }) => id)).toEqual([...server.rows.keys()]);
    expect(report.left.filter(({ why }) => why.startsWith('perhaps not there'))).toHaveLength(1);
  });

  it('is never a reason to delete what was refused: the server may read its id as that of another row', async () => {
    for (const changes of [{}, { readUrl: undefined }]) {
      const { server } = await run({}, changes);
      const idsOf = (method: RegExp) =>
        server.writes.filter((each) => method.test(each)).map((each) => each.split(' ')[1]);
      const refused = idsOf(/^PUT .*"name":""/);
      expect(refused).not.toEqual([]);
      const deleted = idsOf(/^DELETE /);
      expect(refused.filter((each) => deleted.includes(each))).toEqual([]);
    }
  });

  it('is nothing where the backend does as it should', async () => {
    const { server, report } = await run();
    expect(violations(report)).toEqual([]);
    expect(report.checks.filter(({ status }) => status === 'warning').map((each) => each.check)).toEqual([
      'CORS preflight',
    ]);
    expect(report.left).toEqual([]);
    expect(server.rows.size).toBe(0);
  });
});
