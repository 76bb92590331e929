import { run } from '../history.ts';
import { plan } from '../plan.ts';
import type { Realm } from '../realms.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import type { Fault } from './fault.ts';
import { plant } from './plant.ts';

export interface Found {
  /** What was violated. */
  readonly violation: string;
  /** After how many histories; 0 by a scenario. */
  readonly histories: number;
}

/** As many as a history may have tabs, those that crash included. */
export const REALMS = 16;

/**
 * Plants a fault and runs its check until that finds it; undefined if it doesn't.
 *
 * @param clean The core as it is. What it violates too is not the planted fault.
 */
export async function hunt(
  fault: Fault,
  mostHistories: number,
  clean: readonly Realm[],
): Promise<Found | undefined> {
  const realms = await plant(fault, fault.by === 'histories' ? REALMS : 1);
  if (fault.by !== 'histories') {
    const [realm] = realms;
    const [violation] = realm ? await SCENARIOS[fault.by](realm) : [];
    return violation === undefined ? undefined : { violation, histories: 0 };
  }
  for (let seed = 1; seed <= mostHistories; seed++) {
    const [violation] = await run(plan(seed), realms);
    if (violation === undefined || (await run(plan(seed), clean)).length > 0) continue;
    return { violation, histories: seed };
  }
  return undefined;
}
