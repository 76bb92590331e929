// Policies that hold, and policies that take longer than the call that asks them.

import type { RejectionPolicy } from '../../../src/rejections/policy.ts';
import { allApplied, onStage, refusedInBand, refusedWhole, type Scenario } from './stage.ts';

const TIMEOUT_MS = 5_000;

/** P1: while the policy is running, the write isn't sent again. What the policy records is final. */
export const slowPolicy: Scenario = async (realm) => {
  const found: string[] = [];
  let requests = 0;
  const backend = (names: readonly string[]) => (requests++ === 0 ? refusedWhole(400) : allApplied(names));
  const record = realm.record();
  const rejections: RejectionPolicy = async (rejected, context) => {
    await new Promise((resolve) => setTimeout(resolve, 3 * TIMEOUT_MS));
    return record(rejected, context);
  };
  const options = { rejections, retry: { timeoutMs: TIMEOUT_MS } };
  await onStage(realm, { backend, options }, async (stage) => {
    stage.write('a');
    await stage.sync(120_000);
    if (requests > 1)
      found.push('P1: a write was sent again while the policy was deciding about its refusal');
    if (stage.file.count() > 0) found.push('P8: a slow policy holds up the queue for good');
  });
  return found;
};

/** P6: if a slow policy ends after `drainAndClear()`, nothing is recorded that the next user could see. */
export const leaving: Scenario = async (realm) => {
  const found: string[] = [];
  const record = realm.record();
  const rejections: RejectionPolicy = async (rejected, context) => {
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    return record(rejected, context);
  };
  const options = { rejections, retry: { timeoutMs: TIMEOUT_MS } };
  await onStage(realm, { backend: () => refusedWhole(400), options }, async (stage) => {
    const { connector, handle, scheduler, file } = stage;
    const owned = connector.setOwner(handle, 'ada');
    await scheduler.advance(100);
    await owned;
    stage.write('a');
    void connector.uploadData(handle).catch(() => {});
    await scheduler.advance(1_000);
    const left = connector.drainAndClear(handle, { unsent: 'discard', timeoutMs: 1_000 });
    await scheduler.advance(120_000);
    const { cleared } = await left;
    if (cleared && file.rejected().length > 0)
      found.push('P6: a write was recorded after drainAndClear() had cleared');
  });
  return found;
};

/** P2: if the backend has applied writes behind a refused one, the refused one isn't kept and applied last. */
export const overtaken: Scenario = async (realm) => {
  const found: string[] = [];
  const applied: string[] = [];
  let requests = 0;
  const backend = (names: readonly string[]) => {
    if (requests++ > 0 || names.length < 2) {
      applied.push(...names);
      return allApplied(names);
    }
    applied.push(...names.slice(1));
    const refused = JSON.parse(refusedInBand(names, 0, 'CHECK_VIOLATION').text).results[0];
    const others = names.slice(1).map(() => ({ status: 'success' }));
    return { status: 200, text: JSON.stringify({ results: [refused, ...others] }) };
  };
  const options = { rejections: () => 'hold' as const };
  await onStage(realm, { backend, options }, async (stage) => {
    for (const name of ['1', '2', '3']) stage.write(name);
    await stage.sync(600_000);
    if (applied.includes('1'))
      found.push('P2: a write that was refused and overtaken took effect after those behind it');
    if (!stage.rejected().includes('1'))
      found.push('P1: a write that was refused and overtaken is not listed');
  });
  return found;
};

/** P2: if the token is refused behind a write that a policy holds, nothing is sent again with a fresh token. */
export const heldBeforeToken: Scenario = async (realm) => {
  const found: string[] = [];
  const applied: string[] = [];
  let requests = 0;
  const backend = (names: readonly string[]) => {
    if (requests++ > 0) {
      applied.push(...names);
      return allApplied(names);
    }
    const refused = ['CHECK_VIOLATION', 'UNAUTHORIZED'].map((error_code) => ({
      status: 'fatal_error',
      requires_client_handling: false,
      failed_operation: { error_code },
    }));
    return { status: 200, text: JSON.stringify({ results: refused }) };
  };
  let tokens = 0;
  const credentials = async () => ({ token: `TOKEN-${++tokens}` });
  await onStage(realm, { backend, options: { credentials, rejections: () => 'hold' } }, async (stage) => {
    for (const name of ['1', '2']) stage.write(name);
    void stage.connector.uploadData(stage.handle).catch(() => {});
    await stage.scheduler.advance(1_000);
    if (applied.length > 0) found.push(`P2: ${applied} took effect behind a write that the policy holds`);
  });
  return found;
};
