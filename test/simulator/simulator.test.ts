import { beforeAll, describe, expect, it } from 'vitest';
import { type Action, type Plan, plan, run } from './history.ts';
import { loadRealms, type Realm } from './realms.ts';
import { createScheduler, dice, inVirtualTime } from './scheduler.ts';
import { shrink } from './shrink.ts';

let realms: Realm[];
beforeAll(async () => {
  realms = await loadRealms(14);
});

// `npm run prove` runs a hundred thousand; a seed that fails there can be given here.
describe('histories of crashes, faults, tabs, users, restores and clocks', () => {
  it.each([1, 101, 201])('no promise is violated, from seed %d', async (from) => {
    for (let seed = from; seed < from + 100; seed++) {
      expect({ seed, violations: await run(plan(seed), realms) }).toEqual({ seed, violations: [] });
    }
  });

  it('are the same each time', () => {
    expect(plan(7)).toEqual(plan(7));
    expect(plan(7)).not.toEqual(plan(8));
  });
});

/** The realms with one part of the connector broken. */
function broken(change: (realm: Realm) => Partial<Realm>): Realm[] {
  return realms.map((realm) => ({ ...realm, ...change(realm) }));
}

async function firstFailure(of: readonly Realm[], most = 300): Promise<{ plan: Plan; violations: string[] }> {
  for (let seed = 1; seed <= most; seed++) {
    const violations = await run(plan(seed), of);
    if (violations.length > 0) return { plan: plan(seed), violations };
  }
  return expect.unreachable('the fault was not found');
}

describe('a fault that is planted is found', () => {
  it('P1: whatever a page answers counts as applied', async () => {
    const careless = broken(({ readResults }) => ({
      readResults: (answer, count) => {
        try {
          return readResults(answer, count);
        } catch (error) {
          if (answer.status !== 200) throw error;
          return Array.from({ length: count }, () => ({ status: 'applied' }));
        }
      },
    }));
    expect((await firstFailure(careless)).violations.join()).toMatch(/P1: .* left the queue without proof/);
  });

  it('P3: keys of op ids alone', async () => {
    const forgetful = broken(({ packTransactions }) => ({
      packTransactions: (transactions, maxBodyBytes) =>
        packTransactions(
          transactions.map((each) => ({ ...each, key: each.key.replace(/:[^:]*$/, '') })),
          maxBodyBytes,
        ),
    }));
    expect((await firstFailure(forgetful, 1_000)).violations.join()).toMatch(
      /P3: key .* carried something else/,
    );
  });

  it('P3: a new key for each try', async () => {
    let tries = 0;
    const restless = broken(({ packTransactions }) => ({
      packTransactions: (transactions, maxBodyBytes) =>
        packTransactions(
          transactions.map((each) => ({ ...each, key: `${each.key}${++tries}` })),
          maxBodyBytes,
        ),
    }));
    expect((await firstFailure(restless)).violations.join()).toMatch(/P3: .* took effect 2 times/);
  });

  it('P2: half a transaction is sent', async () => {
    const splitting = broken(({ packTransactions }) => ({
      packTransactions: (transactions, maxBodyBytes) =>
        packTransactions(
          transactions.map((each) => ({ ...each, entries: each.entries.slice(0, 1) })),
          maxBodyBytes,
        ),
    }));
    expect((await firstFailure(splitting)).violations).not.toEqual([]);
  });

  it('and made short', async () => {
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

  it('stands in for the platform only for as long as asked', async () => {
    const scheduler = createScheduler(5);
    const { setTimeout: before } = globalThis;
    await inVirtualTime(scheduler, async () => {
      expect(Date.now()).toBe(5);
      expect(globalThis.setTimeout).not.toBe(before);
    });
    expect(globalThis.setTimeout).toBe(before);
    expect(Date.now()).toBeGreaterThan(1_000_000);
  });

  it('rolls the same dice for the same seed', () => {
    const roll = (seed: number) => Array.from({ length: 5 }, dice(seed));
    expect(roll(1)).toEqual(roll(1));
    expect(roll(1)).not.toEqual(roll(2));
    expect(roll(1).every((each) => each >= 0 && each < 1)).toBe(true);
  });
});
