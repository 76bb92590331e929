import { run } from '../history.ts';
import { plan } from '../plan.ts';
import type { Realm } from '../realms.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import type { Fault } from './fault.ts';
import { plant } from './plant.ts';

export interface Found {
  /** The violation. */
  readonly violation: string;
  /** The number of histories until it was found. 0 for a scenario. */
  readonly histories: number;
}

/** The number of tabs that a history may have, including those that crash. */
export const REALMS = 16;

/**
 * Plants a fault and runs its check until the check finds it. Returns undefined if it doesn't.
 *
 * @param clean The core as it is. If it has the same violation, the planted fault isn't the cause.
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
