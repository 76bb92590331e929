import { beforeAll, describe, expect, it } from 'vitest';
import { run } from './history.ts';
import { type Action, type Plan, plan } from './plan.ts';
import { REALMS } from './planted/hunt.ts';
import { loadRealms, type Realm } from './realms.ts';
import { SCENARIOS, type ScenarioName } from './scenarios/index.ts';
import { createScheduler, dice, inVirtualTime } from './scheduler.ts';
import { setUp } from './setup.ts';
import { shrink } from './shrink.ts';

let realms: Realm[];
beforeAll(async () => {
  realms = await loadRealms(REALMS);
});

// `npm run prove` runs a hundred thousand. A seed that fails there can be added here.
describe('histories of crashes, faults, tabs, policies, users, restores and clocks', () => {
  it.each([1, 101, 201])('no promise is violated, from seed %d', async (from) => {
    for (let seed = from; seed < from + 100; seed++) {
      expect({ seed, violations: await run(plan(seed), realms) }).toEqual({ seed, violations: [] });
    }
  });

  it('are the same each time', () => {
    expect(plan(7)).toEqual(plan(7));
    expect(plan(7)).not.toEqual(plan(8));
    expect(setUp(7, 2)).toEqual(setUp(7, 2));
  });
});

describe('scenarios', () => {
  it.each(Object.keys(SCENARIOS) as ScenarioName[])('%s', async (name) => {
    expect(await SCENARIOS[name](realms[0] as Realm)).toEqual([]);
  });
});

describe('what fails', () => {
  it('is made shorter', async () => {
    const actions: Action[] = [
      { do: 'wait', ms: 1 },
      { do: 'open', device: 0 },
      { do: 'clear', device: 1 },
      { do: 'wait', ms: 2 },
    ];
    const fails = async ({ actions: left }: Plan) => left.some((each) => each.do === 'clear');
    expect((await shrink({ seed: 1, actions }, fails)).actions).toEqual([{ do: 'clear', device: 1 }]);
  });
});

describe('virtual time', () => {
  it('runs what is due in order, and takes no time', async () => {
    const scheduler = createScheduler(1_000);
    const seen: string[] = [];
    scheduler.after(20, () => seen.push(`b at ${scheduler.now}`));
    scheduler.after(10, () => seen.push(`a at ${scheduler.now}`));
    const cancel = scheduler.after(15, () => seen.push('never'));
    cancel();
    await scheduler.advance(3_600_000);
    expect(seen).toEqual(['a at 1010', 'b at 1020']);
    expect(scheduler.now).toBe(3_601_000);
  });

  it('replaces the time of the platform only while it is used', async () => {
    const scheduler = createScheduler(5);
    const { setTimeout: before } = globalThis;
    await inVirtualTime(scheduler, async () => {
      expect(Date.now()).toBe(5);
      expect(globalThis.setTimeout).not.toBe(before);
    });
    expect(globalThis.setTimeout).toBe(before);
    expect(Date.now()).toBeGreaterThan(1_000_000);
  });

  it('gives the same random numbers for the same seed', () => {
    const roll = (seed: number) => Array.from({ length: 5 }, dice(seed));
    expect(roll(1)).toEqual(roll(1));
    expect(roll(1)).not.toEqual(roll(2));
    expect(roll(1).every((each) => each >= 0 && each < 1)).toBe(true);
  });
});
