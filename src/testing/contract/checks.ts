import { defaultVerdict } from '../../error/codes.ts';
import { UploadError } from '../../error/upload-error.ts';
import type { Outcome } from '../../transport/outcome.ts';

/** The result of one call of a transport: its outcomes, or the error that it threw. */
export interface Sent {
  readonly outcomes: readonly Outcome[];
  readonly thrown?: UploadError | undefined;
}

/** The error of a case that fails. A class of its own, so that it differs from the transport's errors. */
export class ContractViolation extends Error {
  override readonly name = 'ContractViolation';
}

export function fail(message: string): never {
  throw new ContractViolation(`The transport breaks its contract: ${message}.`);
}

export function check(holds: boolean, message: string): void {
  if (!holds) fail(message);
}

/** Formats a value for a message. */
export function shown(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (each === undefined ? null : each)) ?? 'nothing';
}

export function describe({ outcomes, thrown }: Sent): string {
  if (thrown) return `it threw "${thrown.code}" (${thrown.message})`;
  return `its outcomes are ${outcomes.map(describeOutcome).join(', ')}`;
}

function describeOutcome(outcome: Outcome): string {
  return 'error' in outcome ? `${outcome.status} "${outcome.error.code}"` : outcome.status;
}

/** Checks the form of the outcomes that a transport returned. */
export function checkForm(outcomes: readonly Outcome[], count: number): void {
  check(Array.isArray(outcomes), `it returned ${typeof outcomes}, not a list of outcomes`);
  check(outcomes.length === count, `it returned ${outcomes.length} outcomes for ${count} transactions`);
  for (const outcome of outcomes) {
    switch (outcome?.status) {
      case 'applied':
      case 'skipped':
      case 'not_attempted':
        break;
      case 'retry':
      case 'rejected':
        check(outcome.error instanceof UploadError, `the outcome "${outcome.status}" has no UploadError`);
        break;
      default:
        fail(`an outcome has the unknown status ${shown((outcome as Outcome | undefined)?.status)}`);
    }
  }
  check(outcomes[0]?.status !== 'not_attempted', 'the first transaction was not attempted');
}

/** Checks that a call failed temporarily: nothing is applied, and nothing is rejected for good. Returns the error. */
export function mustBeKept(sent: Sent, when: string): UploadError {
  const { outcomes, thrown } = sent;
  const [first] = outcomes;
  const error = thrown ?? (first && 'error' in first ? first.error : undefined);
  const isKept = outcomes.every(
    (outcome) => outcome.status === 'retry' || outcome.status === 'not_attempted' || isUndecided(outcome),
  );
  if (!error || !isKept)
    fail(`${when}, nothing may be reported as applied or rejected, but ${describe(sent)}`);
  check(
    first?.status === 'retry' || defaultVerdict(error.code) !== 'reject',
    `${when}, the writes must be kept, but ${describe(sent)}, which rejects them`,
  );
  return error;
}

/** Returns true for a rejection that doesn't reject the write yet, such as `unclassified`. */
function isUndecided(outcome: Outcome): boolean {
  return outcome.status === 'rejected' && defaultVerdict(outcome.error.code) !== 'reject';
}

/** Returns true if a call refused its only transaction for good. */
export function isRefused({ outcomes, thrown }: Sent): boolean {
  const [first] = outcomes;
  const error = thrown ?? (first?.status === 'rejected' ? first.error : undefined);
  return error !== undefined && defaultVerdict(error.code) === 'reject';
}
