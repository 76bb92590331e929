import type { Target } from '../verify/backend.ts';
import { ID_PREFIX } from '../verify/contracts.ts';
import type { FindingStatus } from '../verify/finding.ts';
import { describeLeft } from '../verify/left-behind.ts';
import type { VerifyReport } from '../verify/verify.ts';

const MARKS: Readonly<Record<FindingStatus, string>> = {
  ok: 'ok        ',
  violation: 'VIOLATION ',
  warning: 'warning   ',
  skipped: 'skipped   ',
};

/** Returns the text that is printed before the checks run. */
export function announcement({ url, table, contract }: Target): string {
  return (
    `Verifying ${url} (${contract.name}).\n` +
    `Writes rows into "${table}" whose ids begin with ${ID_PREFIX}, and deletes them in the end.\n`
  );
}

/** Returns the report as a readable table. */
export function asTable({ checks, passed, left }: VerifyReport, table: string): string {
  const width = Math.max(...checks.map(({ check }) => check.length)) + 2;
  const indent = ' '.repeat(12 + width);
  const lines = checks.flatMap(({ check, status, message, advice }) => [
    `  ${MARKS[status]}${check.padEnd(width)}${message}`,
    ...(advice ? [`${indent}→ ${advice}`] : []),
  ]);
  const counts = (['ok', 'violation', 'warning', 'skipped'] as const).map(
    (status) => `${checks.filter((each) => each.status === status).length} ${status}`,
  );
  return [
    ...lines,
    '',
    ...describeLeft(left, table),
    `${passed ? 'Passed' : 'Not passed'}: ${counts.join(', ')}.`,
  ].join('\n');
}
