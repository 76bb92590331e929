import type { RejectionPolicy } from '../../src/rejections/policy.ts';
import type { Realm } from './realms.ts';
import type { Scheduler } from './scheduler.ts';

/** Rejection policies like those of apps. */
export const POLICIES = [
  'record',
  'hold',
  'throws once',
  'holds thrice',
  'slow before',
  'slow after',
] as const;
export type Policy = (typeof POLICIES)[number];

export function makePolicy(
  kind: Policy,
  realm: Realm,
  scheduler: Scheduler,
  slowMs: number,
): RejectionPolicy {
  const record = realm.record();
  const asked = new Map<string, number>();
  const timesAsked = (key: string): number => {
    const times = (asked.get(key) ?? 0) + 1;
    asked.set(key, times);
    return times;
  };
  switch (kind) {
    case 'record':
      return record;
    case 'hold':
      return realm.hold();
    case 'throws once':
      return (rejected, context) => {
        if (timesAsked(rejected.key) === 1) throw new Error('The policy is broken.');
        return record(rejected, context);
      };
    case 'holds thrice':
      return (rejected, context) => (timesAsked(rejected.key) <= 3 ? 'hold' : record(rejected, context));
    case 'slow before':
      return async (rejected, context) => {
        await scheduler.sleep(slowMs);
        return record(rejected, context);
      };
    case 'slow after':
      return async (rejected, context) => {
        const answer = await record(rejected, context);
        await scheduler.sleep(slowMs);
        return answer;
      };
  }
}
