import { parseArgs } from 'node:util';
import type { Target } from '../verify/backend.ts';
import type { Columns } from '../verify/columns.ts';
import { CONTRACTS } from '../verify/contracts.ts';

export const USAGE = `powersync-backend-connector verify <url> --table <name> --row <json> [options]

Checks that a backend handles writes as the connector sends them.

  --table <name>      a table that verify may write to
  --row <json>        columns of a row that the backend accepts, such as '{"name":"Milk {n}"}'; {n} becomes a number
  --bad-row <json>    columns of a row that the backend refuses, because of a constraint
  --contract <name>   ${Object.keys(CONTRACTS).join(' | ')}; default write-api
  --options <json>    options of the transport or preset, such as '{"keepsIds":true}'
  --token <jwt>       a token, sent as Authorization: Bearer <jwt>
  --token-url <url>   a URL that answers with the token, as JSON with a member "token"
  --header <h>        a header for every request, such as 'x-api-key: 42'; can be repeated
  --read <url>        a URL to read a row back, with {table} and {id} in it
  --timeout <s>       seconds for each request; default 30
  --json              prints the report as JSON

Exit code 0: no violation. 1: a violation. 2: wrong arguments.`;

/** The arguments are wrong. The message is for the user. */
export class UsageError extends Error {}

export interface CliArguments {
  readonly help: boolean;
  readonly json: boolean;
  readonly tokenUrl: string | undefined;
  readonly target: Target;
}

/** @throws UsageError */
export function readArguments(argv: readonly string[]): CliArguments | 'help' {
  const { values, positionals } = parse(argv);
  if (values.help || positionals[0] === 'help') return 'help';
  const [command, url, ...more] = positionals;
  if (command !== 'verify') throw new UsageError(`There is no command "${command ?? ''}".`);
  if (!url || more.length > 0) throw new UsageError('Give one url.');
  if (!/^https?:\/\/[^/]/i.test(url)) throw new UsageError(`"${url}" isn't an http(s) url.`);
  const { table, row, contract = 'write-api', token, timeout = '30' } = values;
  if (!table || row === undefined) throw new UsageError('--table and --row are needed.');
  const found = Object.hasOwn(CONTRACTS, contract) ? CONTRACTS[contract] : undefined;
  if (!found) throw new UsageError(`There is no contract "${contract}".`);
  const seconds = Number(timeout);
  if (!(seconds > 0 && seconds <= 600)) throw new UsageError('--timeout takes 0 to 600 seconds.');
  const badRow = values['bad-row'];
  const target: Target = {
    url,
    contract: found,
    table,
    row: readColumns('--row', row),
    badRow: badRow === undefined ? undefined : readColumns('--bad-row', badRow),
    token,
    headers: Object.fromEntries((values.header ?? []).map(readHeader)),
    options: values.options === undefined ? undefined : readColumns('--options', values.options),
    readUrl: values.read,
    timeoutMs: seconds * 1_000,
  };
  return { help: false, json: values.json ?? false, tokenUrl: values['token-url'], target };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        table: { type: 'string' },
        row: { type: 'string' },
        'bad-row': { type: 'string' },
        contract: { type: 'string' },
        options: { type: 'string' },
        token: { type: 'string' },
        'token-url': { type: 'string' },
        header: { type: 'string', multiple: true },
        read: { type: 'string' },
        timeout: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readHeader(text: string): [name: string, value: string] {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new UsageError(`--header takes a name and a value, such as 'x-api-key: 42'; not "${text}".`);
  return [name.toLowerCase(), value];
}

function readColumns(name: string, text: string): Columns {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Columns;
  } catch {
    // The error is thrown below.
  }
  const example = name === '--options' ? '{"keepsIds":true}' : '{"name":"Milk"}';
  throw new UsageError(`${name} takes a JSON object, such as '${example}'.`);
}
