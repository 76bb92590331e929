import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from './history.ts';
import { plan } from './plan.ts';
import { FAULTS } from './planted/faults.ts';
import { hunt, REALMS } from './planted/hunt.ts';
import { edited } from './planted/plant.ts';
import { loadRealms, type Realm } from './realms.ts';

let clean: Realm[];
beforeAll(async () => {
  clean = await loadRealms(REALMS);
});

/** Quick ones of each kind. `npm run prove -- --planted` looks for all of them. */
const QUICK = [
  'a handle that ends elsewhere is completed',
  'the right half is sent although the left one stays',
  'a recorded key is sent again',
  'the lane does not wait',
  'close() during setOwner() is undone',
  'a 307 to https://api.example.com.evil.com is of the same origin',
];

describe('a fault that is planted in the core is found', () => {
  it.each(QUICK)('%s', async (name) => {
    const fault = FAULTS.find((each) => each.name === name);
    expect(fault && (await hunt(fault, 1_000, clean))).toBeDefined();
  });

  it('the text of each is still in the source, exactly once', () => {
    for (const { edits } of FAULTS) {
      for (const edit of edits) {
        const source = readFileSync(new URL(`../../src/${edit.file}`, import.meta.url), 'utf8');
        expect(edited(source, edit)).not.toBe(source);
      }
    }
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  });

  it('it is an error if the text has changed', () => {
    const edit = { file: 'send.ts', text: 'a', instead: 'b' };
    expect(edited('an ox', edit)).toBe('bn ox');
    expect(() => edited('an ass', edit)).toThrow('src/send.ts has this text 2 times, not once');
    expect(() => edited('x', edit)).toThrow('0 times');
  });
});

/** The realms with one part of the connector broken. */
function broken(change: (realm: Realm) => Partial<Realm>): Realm[] {
  return clean.map((realm) => ({ ...realm, ...change(realm) }));
}

async function firstViolation(of: readonly Realm[], most = 300): Promise<string> {
  for (let seed = 1; seed <= most; seed++) {
    const violations = await run(plan(seed), of);
    if (violations.length > 0) return violations.join();
  }
  return expect.unreachable('the fault was not found');
}

describe('a fault of a transport is found', () => {
  it('P3: a new key for each try', async () => {
    let tries = 0;
    const restless = broken(({ packTransactions }) => ({
      packTransactions: (transactions, maxBodyBytes) =>
        packTransactions(
          transactions.map((each) => ({ ...each, key: `${each.key}${++tries}` })),
          maxBodyBytes,
        ),
    }));
    expect(await firstViolation(restless)).toMatch(/P3: .* took effect \d+ times/);
  });

  it('P2: half a transaction is sent', async () => {
    const splitting = broken(({ packTransactions }) => ({
      packTransactions: (transactions, maxBodyBytes) =>
        packTransactions(
          transactions.map((each) => ({ ...each, entries: each.entries.slice(0, 1) })),
          maxBodyBytes,
        ),
    }));
    expect(await firstViolation(splitting)).toMatch(/P1: .* left the queue without proof/);
  });
});
