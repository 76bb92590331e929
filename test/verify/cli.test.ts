import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import { main } from '../../src/cli/main.ts';
import { startRowServer } from './row-server.ts';
import { instead, startVariant } from './variants.ts';

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend({ log: () => {} });
});
afterAll(() => backend.close());

async function run(...argv: string[]) {
  const printed: string[] = [];
  const exitCode = await main(argv, (text) => printed.push(text));
  return { exitCode, printed, text: printed.join('\n') };
}

const sample = ['--table', 'lists', '--row', '{"name":"Milk"}', '--bad-row', '{"name":""}'];

describe('verify', () => {
  it('says what it will write before it does, prints a table, and exits with 0', async () => {
    const { write, read } = await startVariant(backend);
    const tokenUrl = `${backend.url}/api/auth/token?user_id=ada`;
    const { exitCode, printed } = await run(
      'verify',
      write,
      ...sample,
      '--read',
      read,
      '--token-url',
      tokenUrl,
    );
    expect(exitCode).toBe(0);
    expect(printed[0]).toContain('into "lists" whose ids begin with feedc0de,');
    expect(printed[1]).toMatch(/ok +idempotent replay +Sent: a PUT again/);
    expect(printed[1]).toMatch(/Passed: 17 ok, 0 violation, 0 warning, 0 skipped\.$/);
  });

  it('says what to change, and exits with 1', async () => {
    const { write } = await startVariant(
      backend,
      instead(
        (_, text) => text.includes('no_such_table'),
        () => new Response(null, { status: 500 }),
      ),
    );
    const { exitCode, text } = await run(
      'verify',
      write,
      ...sample,
      '--token',
      await backend.issueToken('bob'),
    );
    expect(exitCode).toBe(1);
    expect(text).toMatch(/VIOLATION +an unknown table .*\n +→ Refuse tables you do not know/);
    expect(text).toMatch(/Not passed: /);
  });

  it('--json prints one report for programs, and nothing else', async () => {
    const { write } = await startVariant(backend);
    const { exitCode, printed } = await run(
      'verify',
      write,
      ...sample,
      '--json',
      '--token',
      await backend.issueToken('c'),
    );
    expect([exitCode, printed.length]).toEqual([0, 1]);
    const report = JSON.parse(printed[0] ?? '');
    expect(report).toMatchObject({ url: write, contract: 'write-api', passed: true, rowsLeft: 0 });
    expect(report.checks[0]).toEqual({
      check: 'a write is applied',
      status: 'ok',
      message: 'A PUT of the sample row was answered as applied.',
    });
  });

  it('--header is sent with every request', async () => {
    const seen = new Set<string | null>();
    const { write } = await startVariant(backend, async (request, next) => {
      if (request.method !== 'OPTIONS') seen.add(request.headers.get('x-api-key'));
      return next(request);
    });
    const keys = ['--header', 'X-Api-Key: 4:2', '--header', 'x-other: b'];
    const token = await backend.issueToken('dan');
    expect((await run('verify', write, ...sample, ...keys, '--token', token)).exitCode).toBe(0);
    expect([...seen]).toEqual(['4:2']);
  });

  it('names the rows that stay, and why', async () => {
    const { url } = await startRowServer({ choosesIds: true });
    const { exitCode, text } = await run('verify', url, ...sample, '--contract', 'rows');
    expect(exitCode).toBe(1);
    expect(text).toMatch(/VIOLATION +ids are kept .* another id: 18\..*\n +→ Store the id that is sent/);
    expect(text).toContain(
      '5 rows stay in "lists". Delete them by hand:\n  17, 18, 19, 20, 21: chosen by the backend.',
    );
  });

  it('--options are those of the transport', async () => {
    const { url, readUrl } = await startRowServer();
    const rows = ['verify', url, ...sample, '--contract', 'rows', '--read', readUrl];
    expect((await run(...rows)).text).toMatch(/warning +idempotent replay /);
    const options = ['--options', '{"idempotencyHeader":"Idempotency-Key"}'];
    expect((await run(...rows, ...options)).text).toMatch(/ok +idempotent replay /);
    const wrong = await run(...rows, '--options', '{"idempotencyHeadr":"x"}');
    expect(wrong.exitCode).toBe(2);
    expect(wrong.text).toMatch(/idempotencyHeadr/);
  });

  it('a backend that is not there is no crash', async () => {
    const { exitCode, text } = await run('verify', 'http://127.0.0.1:9/api/data', ...sample);
    expect(exitCode).toBe(1);
    expect(text).toContain('VIOLATION a write is applied');
  });
});

it.each([
  [['--help'], 0, /--bad-row <json>/],
  [['help'], 0, /--bad-row <json>/],
  [[], 2, /There is no command ""/],
  [['check', 'http://a'], 2, /There is no command "check"/],
  [['verify'], 2, /Give one url/],
  [['verify', 'http://a', 'http://b', ...sample], 2, /Give one url/],
  [['verify', 'api.example.com', ...sample], 2, /"api.example.com" isn't an http\(s\) url/],
  [['verify', 'http://a'], 2, /--table and --row are needed/],
  [['verify', 'http://a', '--table', 't', '--row', 'Milk'], 2, /--row takes a JSON object/],
  [['verify', 'http://a', '--table', 't', '--row', '[]'], 2, /--row takes a JSON object/],
  [['verify', 'http://a', ...sample, '--contract', 'soap'], 2, /There is no contract "soap"/],
  [['verify', 'http://a', ...sample, '--contract', 'toString'], 2, /There is no contract "toString"/],
  [
    ['verify', 'http://a', ...sample, '--options', 'keepsIds'],
    2,
    /--options takes a JSON object, such as '{"keepsIds":true}'/,
  ],
  [['verify', 'http://a', ...sample, '--timeout', 'soon'], 2, /--timeout takes/],
  [['verify', 'http://a', ...sample, '--header', 'x-api-key'], 2, /--header takes a name and a value/],
  [['verify', 'http://a', ...sample, '--tabel', 'x'], 2, /--tabel/],
  [
    ['verify', 'http://a', ...sample, '--token-url', 'http://127.0.0.1:9/'],
    2,
    /didn't answer JSON with a token/,
  ],
])('%j exits with %d', async (argv, expected, message) => {
  const { exitCode, text } = await run(...argv);
  expect(exitCode).toBe(expected);
  expect(text).toMatch(message);
});
