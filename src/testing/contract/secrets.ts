import { check, fail } from './checks.ts';
import { contractCase, type TransportContractCase } from './contract-case.ts';
import type { TransportFault } from './harness.ts';
import type { Session } from './session.ts';

const SECRET = 'QXJ0aWNob2tl';

/** Cases about secrets in errors, because errors get into logs, events and error reports. */
export const secrets: readonly TransportContractCase[] = [
  contractCase('errors contain neither the token nor row data', [], async (it) => {
    const faults = (Object.keys(it.harness.backend.faults) as TransportFault[]).filter(
      (kind) => kind !== 'no-reply', // there is no error to check
    );
    for (const kind of faults) {
      await it.fault(kind);
      await mustBeSilent(it, `the fault "${kind}"`);
    }
    await mustBeSilent(it, 'a refused token', async () => `${SECRET}.refused.token`);
    await mustBeSilent(it, 'a refused row', it.token, it.refused(`bad-${SECRET}`, { note: SECRET }));
  }),
];

async function mustBeSilent(
  it: Session,
  after: string,
  askToken: Session['token'] = it.token,
  entry = it.put(`row-${SECRET}`, { text: SECRET, note: `note ${SECRET}` }),
): Promise<void> {
  const token = await askToken();
  const { outcomes, thrown } = await it.send([it.transaction(entry)], { token: async () => token });
  for (const error of [
    thrown,
    ...outcomes.map((outcome) => ('error' in outcome ? outcome.error : undefined)),
  ]) {
    const said = everythingIn(error);
    if (said.includes(SECRET)) fail(`after ${after}, an error holds row data, an id or the token`);
    check(!token || !said.includes(token), `after ${after}, an error holds the token`);
  }
}

/** Returns all that an error could print: its own properties, even hidden ones, and those of its causes. */
function everythingIn(value: unknown, depth = 0, seen = new Set<unknown>()): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || depth > 6 || seen.has(value))
    return String(typeof value);
  seen.add(value);
  const parts: string[] = [];
  for (const name of Object.getOwnPropertyNames(value)) {
    try {
      parts.push(name, everythingIn(Reflect.get(value, name), depth + 1, seen));
    } catch {
      // A property that can't be read can't be printed.
    }
  }
  if (value instanceof Headers) {
    value.forEach((text, name) => {
      parts.push(name, text);
    });
  }
  return parts.join('\n');
}
