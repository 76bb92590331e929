export type { Finding } from './finding.ts';
export {
  type InspectQueueOptions,
  inspectQueue,
  type QueuedEntry,
  type QueuedTransaction,
  type QueueReport,
} from './inspect-queue.ts';
export { type SelfCheckOptions, type SelfCheckRun, selfCheck } from './self-check.ts';
export { type Console, warnInDevelopment } from './warn-in-development.ts';
export type { Warn } from './warn-once.ts';
export { warnTokenLifetime } from './warn-token-lifetime.ts';
export { warnUnsafeIntegers } from './warn-unsafe-integers.ts';
