import type { UploadEvent } from 'powersync-backend-connector';
import { warnInDevelopment } from 'powersync-backend-connector/diagnostics';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createPublisher } from '../../../src/status/publisher.ts';

const failed = (code: 'misconfigured' | 'unauthenticated' | 'network', failures = 1): UploadEvent => ({
  type: 'failed',
  code,
  message: `[${code}] what it says`,
  phase: code === 'unauthenticated' ? 'needs-auth' : 'waiting',
  failures,
  nextAttemptAt: 1,
  stalledSince: 1,
});
const token = (result: 'token' | 'unchanged'): UploadEvent => ({ type: 'token', result, durationMs: 1 });
const completed: UploadEvent = { type: 'completed', key: 'k', applied: 1, rejected: 0 };

function watched() {
  const warnings: string[] = [];
  const publisher = createPublisher();
  const stop = warnInDevelopment(publisher, { warn: (message) => warnings.push(message) });
  const emit = (...events: UploadEvent[]) => {
    for (const event of events) publisher.publish(event, { queuedEntries: 7 });
  };
  return { warnings, emit, stop };
}

describe('warnInDevelopment()', () => {
  afterEach(() => vi.restoreAllMocks());

  it('is silent on what is normal, network failures among it', () => {
    const { warnings, emit } = watched();
    emit(token('token'), failed('network', 1), failed('network', 2), failed('network', 3), completed);
    emit({ type: 'drained' }, { type: 'opened' }, { type: 'closed' });
    expect(warnings).toEqual([]);
  });

  it.each([
    ['the refused token returned again', token('unchanged'), /credentials\(\).*refused.*fresh/],
    ['writes that wait for a sign-in', failed('unauthenticated'), /7 queued writes wait for a sign-in/],
    ['the breaker', { type: 'breaker' } as const, /resetBreaker/],
  ])('warns once: %s', (_, event, words) => {
    const { warnings, emit } = watched();
    emit(event, event);
    expect(warnings).toEqual([expect.stringMatching(words)]);
    expect(warnings[0]).toMatch(/^powersync-backend-connector: /);
  });

  it('warns once of a set-up at fault, the third time in a row', () => {
    const { warnings, emit } = watched();
    emit(failed('misconfigured'), failed('misconfigured'), completed, failed('misconfigured'));
    emit(failed('misconfigured'));
    expect(warnings).toEqual([]);
    emit(failed('misconfigured'));
    expect(warnings).toEqual([expect.stringContaining('[misconfigured] what it says')]);
    emit(completed, failed('misconfigured'), failed('misconfigured'), failed('misconfigured'));
    expect(warnings).toHaveLength(1);
  });

  it('ends when it is told to', () => {
    const { warnings, emit, stop } = watched();
    stop();
    emit({ type: 'breaker' }, token('unchanged'));
    expect(warnings).toEqual([]);
  });

  it("goes to the platform's console by default", () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const publisher = createPublisher();
    warnInDevelopment(publisher);
    publisher.publish({ type: 'breaker' });
    expect(warn).toHaveBeenCalledOnce();
  });
});
