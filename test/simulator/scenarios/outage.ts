import type { Answer } from '../server.ts';
import { allApplied, onStage, refusedInBand, type Scenario } from './stage.ts';

const MINUTE = 60_000;

/** P8: an ambiguous refusal rejects a write only after its budget of attempts and time is used up, despite restarts. */
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
    if (stage.file.count() > 0)
      found.push('P8: the queue stood still after an outage that was reported in band');
    if (stage.rejected().length > 0)
      found.push(`P8: an outage of nine minutes, reported in band, cost ${stage.rejected().length} writes`);
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
      found.push('P8: a write that was refused without a reason held up the queue for an hour');
  });
  return found;
};
