import type { Backend } from './backend.ts';

/**
 * Status of a check. `violation`: writes are lost, repeated or blocked. `warning`: matters in some set-ups. `skipped`:
 * the message has the reason.
 */
export type FindingStatus = 'ok' | 'violation' | 'warning' | 'skipped';

export interface Finding {
  readonly status: FindingStatus;
  /** The result that the check saw. */
  readonly message: string;
  /** The advice after a violation or a warning. */
  readonly advice?: string | undefined;
}

/** One thing that a backend has to get right. */
export interface Check {
  /** Name in a few words, such as `idempotent replay`. */
  readonly name: string;
  run(backend: Backend): Promise<Finding>;
}

export const ok = (message: string): Finding => ({ status: 'ok', message });
export const skipped = (message: string): Finding => ({ status: 'skipped', message });
export const violation = (message: string, advice: string): Finding => ({
  status: 'violation',
  message,
  advice,
});
export const warning = (message: string, advice: string): Finding => ({ status: 'warning', message, advice });
