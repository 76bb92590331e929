import { MissingPackageError, UnusableOptionsError } from '../verify/contracts.ts';
import { verify } from '../verify/verify.ts';
import { readArguments, USAGE, UsageError } from './arguments.ts';
import { announcement, asTable } from './print.ts';

/** Runs the command line and returns its exit code. */
export async function main(argv: readonly string[], print: (text: string) => void): Promise<number> {
  try {
    const read = readArguments(argv);
    if (read === 'help') {
      print(USAGE);
      return 0;
    }
    const { json, tokenUrl } = read;
    const target =
      tokenUrl === undefined ? read.target : { ...read.target, token: await fetchToken(tokenUrl) };
    if (!json) print(announcement(target));
    const report = await verify(target);
    print(
      json
        ? JSON.stringify({ url: target.url, contract: target.contract.name, ...report }, null, 2)
        : asTable(report, target.table),
    );
    return report.passed ? 0 : 1;
  } catch (error) {
    if (error instanceof UsageError) print(`${error.message}\n\n${USAGE}`);
    else if (error instanceof MissingPackageError || error instanceof UnusableOptionsError)
      print(error.message);
    else throw error;
    return 2;
  }
}

async function fetchToken(url: string): Promise<string> {
  const response = await fetch(url).catch(() => undefined);
  const json: unknown = response?.ok ? await response.json().catch(() => undefined) : undefined;
  const { token } = Object(json);
  if (typeof token === 'string' && token !== '') return token;
  throw new UsageError(
    `--token-url didn't answer JSON with a token (HTTP status ${response?.status ?? 'none'}).`,
  );
}
