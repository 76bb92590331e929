import { type Backend, createBackend, type Target } from './backend.ts';
import { atomicity, fifty, order, success, visible } from './checks/applying.ts';
import { contentType, exposed, preflight } from './checks/browser.ts';
import { ids } from './checks/ids.ts';
import { bodySize, readable413, tooMany } from './checks/limits.ts';
import { constraint, malformed, token, unknownTable } from './checks/refusing.ts';
import { replay } from './checks/replaying.ts';
import { type Check, type Finding, skipped, violation } from './finding.ts';
import type { LeftRow } from './left-behind.ts';

/** The result of one check. */
export interface Checked extends Finding {
  readonly check: string;
}

export interface VerifyReport {
  /** True if there is no violation. */
  readonly passed: boolean;
  readonly checks: readonly Checked[];
  /** Number of rows that couldn't be deleted. */
  readonly rowsLeft: number;
  /** These rows, with the reasons. */
  readonly left: readonly LeftRow[];
}

/** The checks in their order: those on which others depend come first. */
const CHECKS: readonly Check[] = [
  success,
  ids,
  visible,
  order,
  atomicity,
  replay,
  constraint,
  unknownTable,
  malformed,
  token,
  fifty,
  tooMany,
  bodySize,
  readable413,
  preflight,
  exposed,
  contentType,
];

/**
 * Runs every check against a backend, one after another, and deletes the rows that were written.
 *
 * @throws MissingPackageError or UnusableOptionsError, before anything is sent.
 */
export async function verify(target: Target): Promise<VerifyReport> {
  const backend = await createBackend(target);
  const checks: Checked[] = [];
  for (const check of CHECKS) {
    const isHopeless = checks[0]?.status === 'violation';
    const finding = isHopeless
      ? skipped('Not checked: no write is applied at all.')
      : await run(check, backend);
    checks.push({ check: check.name, ...finding });
  }
  const left = await backend.cleanUp();
  return {
    passed: checks.every(({ status }) => status !== 'violation'),
    checks,
    rowsLeft: left.length,
    left,
  };
}

async function run(check: Check, backend: Backend): Promise<Finding> {
  try {
    return await check.run(backend);
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    return violation(
      `The request could not be made (${name}).`,
      'Check that the backend can be reached, and that it answers every request, also bad ones.',
    );
  }
}
