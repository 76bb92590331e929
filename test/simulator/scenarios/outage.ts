import type { Answer } from '../server.ts';
import { allApplied, onStage, refusedInBand, type Scenario } from './stage.ts';

const MINUTE = 60_000;

/** P8: what can't be told apart is not rejected before its budget of tries and time is spent, and restarts don't matter. */
export const outage: Scenario = async (realm) => {
  const found: string[] = [];
  let startedAt: number | undefined;
  const backend = (names: readonly string[], now: number): Answer => {
    startedAt ??= now;
    return now < startedAt + 9 * MINUTE ? refusedInBand(names, 0, 'UNCLASSIFIED_ERROR') : allApplied(names);
  };
  await onStage(realm, { backend }, async (stage) => {
    for (let i = 0; i < 20; i++) stage.write(`good${i}`);
    await stage.sync(60 * MINUTE);
    if (stage.file.count() > 0) found.push('P8: the queue stood still after an outage that was told in band');
    if (stage.rejected().length > 0)
      found.push(`P8: an outage of nine minutes, told in band, cost ${stage.rejected().length} writes`);
  });
  const ever = (names: readonly string[]): Answer => {
    const at = names.indexOf('odd');
    return at < 0 ? allApplied(names) : refusedInBand(names, at, 'UNCLASSIFIED_ERROR');
  };
  await onStage(realm, { backend: ever }, async (stage) => {
    stage.write('odd');
    stage.write('good');
    await stage.sync(60 * MINUTE);
    if (stage.file.count() > 0)
      found.push('P8: what is refused without a reason held up the queue for an hour');
  });
  return found;
};
