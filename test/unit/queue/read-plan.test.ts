import { describe, expect, it } from 'vitest';
import { createReadPlan, MAX_READ, type ReadPlan } from '../../../src/queue/read-plan.ts';
import { anEntry } from '../../support/fake-queue.ts';

const batch = (...lengths: number[]) => lengths.map((length) => Array.from({ length }, () => anEntry()));
const even = (count: number, length = 1) => batch(...Array.from({ length: count }, () => length));

/** Reads exactly 50 entries: what a batch has taken of 99. */
function exactly50(): ReadPlan {
  const plan = createReadPlan(100);
  plan.took(even(50), 99, false);
  return plan;
}

describe('the read plan', () => {
  it('begins with what it is told, and a batch may take more than that', () => {
    const plan = createReadPlan(100);
    expect(plan.entries).toBe(100);
    expect(plan.hasRoom(99)).toBe(true);
  });

  it('reads exactly as much again where transactions are of one length: such a batch is full', () => {
    const plan = exactly50();
    expect(plan.entries).toBe(50);
    expect(plan.hasRoom(50)).toBe(false);
    plan.took(even(50), 50, false);
    expect(plan.entries).toBe(50);
  });

  it('goes by transactions, not entries: fewer of them than before may not be all that fit', () => {
    const plan = exactly50();
    expect(plan.hasRoom(49)).toBe(true);
    plan.took(batch(25, 25), 2, false);
    expect(plan.entries).toBe(500);
    expect(plan.hasRoom(50)).toBe(true);
  });

  it('reads one transaction more than the last batch took where they differ in length', () => {
    const plan = createReadPlan(100);
    plan.took(batch(3, 1, 4), 9, false);
    expect(plan.entries).toBe(8 + 4 + 1);
    expect(plan.hasRoom(3)).toBe(true);
  });

  it('reads one transaction more while the batches are growing', () => {
    const plan = createReadPlan(100);
    plan.took(even(12), 50, true);
    expect(plan.entries).toBe(12 + 1 + 1);
    expect(plan.hasRoom(12)).toBe(true);
  });

  it('reads far more after a batch that took all it was offered, up to a limit', () => {
    const plan = createReadPlan(100);
    plan.took(even(30), 30, false);
    expect(plan.entries).toBe(300);
    plan.took(even(3), 3, false);
    expect(plan.entries).toBe(100);
    plan.took(even(5_000), 5_000, false);
    expect(plan.entries).toBe(MAX_READ);
  });

  it('offers more now and then, in case that a batch takes more', () => {
    const plan = exactly50();
    let exact = 0;
    while (!plan.hasRoom(50)) {
      plan.took(even(50), 50, false);
      exact++;
    }
    expect(exact).toBe(16);
    expect(plan.entries).toBe(50 + 1 + 1);
    plan.took(even(50), 51, false);
    expect(plan.entries).toBe(50);
  });
});
