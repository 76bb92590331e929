import { describe, expect, it } from 'vitest';
import { UploadError } from '../../../src/error/upload-error.ts';
import { createGate } from '../../../src/time/gate.ts';

const START = 1_000_000_000;

/** A gate with waits of 5, 10, 20 ... 60 s and no jitter, and a clock to turn. */
function openGate() {
  const clock = { now: START };
  const gate = createGate(
    { baseMs: 5000, maxMs: 60_000, jitter: 0 },
    () => clock.now,
    () => 0,
  );
  const isShut = () => gate.shutBy(false) !== undefined;
  return { gate, clock, isShut };
}

const unavailable = (retryAfterMs?: number) => new UploadError('unavailable', 'Closed.', { retryAfterMs });

describe('the gate', () => {
  it('is open at first', () => {
    const { gate } = openGate();
    expect(gate.shutBy(false)).toBeUndefined();
    expect(gate).toMatchObject({ error: undefined, failures: 0 });
  });

  it('gives the very error it was shut with, again and again, so that sync status notifies once', () => {
    const { gate, clock } = openGate();
    const error = unavailable();
    expect(gate.shut(error)).toBe(START + 5000);
    expect(gate.shutBy(false)).toBe(error);
    clock.now += 4999;
    expect(gate.shutBy(false)).toBe(error);
  });

  it('opens when the wait is over, and remembers the failure', () => {
    const { gate, clock, isShut } = openGate();
    const error = unavailable();
    gate.shut(error);
    clock.now += 5000;
    expect(isShut()).toBe(false);
    expect(gate).toMatchObject({ error, failures: 1 });
  });

  it('shuts for longer with every failure in a row', () => {
    const { gate, clock } = openGate();
    const waits = [1, 2, 3, 4, 5, 6].map(() => {
      const wait = gate.shut(unavailable()) - clock.now;
      clock.now += wait;
      return wait;
    });
    expect(waits).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    expect(gate.failures).toBe(6);
  });

  it('starts anew once the queue moved', () => {
    const { gate, clock, isShut } = openGate();
    gate.shut(unavailable());
    gate.shut(unavailable());
    gate.reset();
    expect(isShut()).toBe(false);
    expect(gate).toMatchObject({ error: undefined, failures: 0 });
    expect(gate.shut(unavailable())).toBe(clock.now + 5000);
  });

  it('opens when the clock was set back: a wait cannot start in the future', () => {
    const { gate, clock, isShut } = openGate();
    gate.shut(unavailable());
    clock.now -= 86_400_000;
    expect(isShut()).toBe(false);
    gate.shut(unavailable());
    expect(isShut()).toBe(true);
  });

  it('opens when the clock was set forward', () => {
    const { gate, clock, isShut } = openGate();
    gate.shut(unavailable(600_000));
    clock.now += 86_400_000;
    expect(isShut()).toBe(false);
  });

  describe('within a time', () => {
    it('opens then at the latest, where its own wait would be longer', () => {
      const { gate } = openGate();
      expect(gate.shut(unavailable(), 1_000)).toBe(START + 1_000);
      expect(gate.shut(unavailable(), 60_000)).toBe(START + 10_000);
    });

    it('waits for what the backend asked all the same', () => {
      expect(openGate().gate.shut(unavailable(120_000), 1_000)).toBe(START + 120_000);
    });
  });

  it('opens on a whole millisecond, never before its time', () => {
    const backoff = { baseMs: 1_000, maxMs: 60_000, jitter: 0.3 };
    const gate = createGate(
      backoff,
      () => START,
      () => 0.1234567,
    );
    const wait = 1_000 * (1 - 0.3 * 0.1234567);
    expect(gate.shut(unavailable())).toBe(START + Math.ceil(wait));
    expect(gate.shut(unavailable(), 0.5)).toBe(START + 1);
    expect(gate.shut(unavailable(99_999.5))).toBe(START + 100_000);
    for (let i = 0; i < 20; i++) expect(gate.shut(unavailable(i * 1.7), i * 333.3) % 1).toBe(0);
  });

  describe('and what the backend asked for', () => {
    it('waits for a Retry-After that is longer than its own wait', () => {
      const { gate, clock, isShut } = openGate();
      expect(gate.shut(unavailable(120_000))).toBe(START + 120_000);
      clock.now += 119_999;
      expect(isShut()).toBe(true);
    });

    it('keeps its own wait where the Retry-After is shorter', () => {
      const { gate } = openGate();
      expect(gate.shut(unavailable(1000))).toBe(START + 5000);
      expect(gate.shut(unavailable(0))).toBe(START + 10_000);
    });

    it.each([Number.NaN, Number.NEGATIVE_INFINITY, -1, -60_000])(
      'shuts for its own wait where the Retry-After is %d, as a careless transport computes it',
      (retryAfterMs) => {
        const { gate, isShut } = openGate();
        expect(gate.shut(unavailable(retryAfterMs))).toBe(START + 5000);
        expect(isShut()).toBe(true);
      },
    );
  });

  describe('for a caller that does not wait for back-offs (drain)', () => {
    it('is open during a back-off of its own', () => {
      const { gate } = openGate();
      gate.shut(unavailable());
      expect(gate.shutBy(true)).toBeUndefined();
      expect(gate.shutBy(false)).toBeDefined();
    });

    it('is shut while the backend asked to wait', () => {
      const { gate, clock } = openGate();
      const error = unavailable(120_000);
      gate.shut(error);
      expect(gate.shutBy(true)).toBe(error);
      clock.now += 120_000;
      expect(gate.shutBy(true)).toBeUndefined();
    });

    it('is open once the time the backend asked for is over, though its own longer back-off is not', () => {
      const { gate, clock } = openGate();
      gate.shut(unavailable(1000));
      expect(gate.shutBy(true)).toBeDefined();
      clock.now += 1000;
      expect(gate.shutBy(true)).toBeUndefined();
      expect(gate.shutBy(false)).toBeDefined();
    });

    it('is open where the backend asked for no wait (Retry-After: 0)', () => {
      const { gate } = openGate();
      gate.shut(unavailable(0));
      expect(gate.shutBy(true)).toBeUndefined();
    });
  });

  describe('open', () => {
    it('opens at once, and keeps the error and the count of failures: the next wait is longer', () => {
      const { gate, clock, isShut } = openGate();
      const error = new UploadError('network', 'Offline.');
      gate.shut(error);
      gate.open();
      expect(isShut()).toBe(false);
      expect(gate).toMatchObject({ error, failures: 1 });
      expect(gate.shut(error)).toBe(clock.now + 10_000);
    });

    it('opens for callers that wait for the backend alone, too', () => {
      const { gate, isShut } = openGate();
      gate.shut(unavailable(120_000));
      gate.open();
      expect(isShut()).toBe(false);
      expect(gate.shutBy(true)).toBeUndefined();
    });

    it('does nothing to an open gate', () => {
      const { gate, isShut } = openGate();
      gate.open();
      expect(isShut()).toBe(false);
      expect(gate).toMatchObject({ error: undefined, failures: 0 });
    });
  });

  it('forgets what the backend asked for with the next failure that asks for nothing', () => {
    const { gate } = openGate();
    gate.shut(unavailable(120_000));
    gate.shut(unavailable());
    expect(gate.shutBy(true)).toBeUndefined();
    expect(gate.shutBy(false)).toBeDefined();
  });

  it('opens for every caller once the queue moved, whatever the backend asked for before', () => {
    const { gate } = openGate();
    gate.shut(unavailable(120_000));
    gate.reset();
    expect(gate.shutBy(true)).toBeUndefined();
  });
});
