// The four figures of the breaker. A deployment that refuses everything and a series of bad writes look the same, so
// the figures are a compromise: the less the first costs, the longer the second takes.

import type { Realm } from '../realms.ts';
import type { Answer } from '../server.ts';
import { allApplied, onStage, refusedInBand, refusedWhole, type Scenario, type Stage } from './stage.ts';

const HOUR = 3_600_000;

/** The ways in which a backend refuses. */
const FORMS: Readonly<Record<string, (names: readonly string[], at: number) => Answer>> = {
  'HTTP 400': () => refusedWhole(400),
  'HTTP 403': () => refusedWhole(403),
  'HTTP 422': () => refusedWhole(422),
  'UNAUTHORIZED in band': (names, at) => refusedInBand(names, at, 'UNAUTHORIZED'),
};
const IN_BAND = {
  'CHECK_VIOLATION in band': (names: readonly string[], at: number) =>
    refusedInBand(names, at, 'CHECK_VIOLATION'),
};
const SENDS = ['batches', 'singles'] as const;

/** Whether a batch is refused because of its bad writes. */
function refusingBad(say: (names: readonly string[], at: number) => Answer) {
  return (names: readonly string[]): Answer => {
    const at = names.findIndex((name) => name.startsWith('bad'));
    return at < 0 ? allApplied(names) : say(names, at);
  };
}

function writeMany(stage: Stage, count: number, name: string): void {
  for (let i = 0; i < count; i++) stage.write(`${name}${i}`);
}

/** 20 bad writes in a row leave the queue within three hours, and each is recorded. */
export const badRun: Scenario = async (realm) => {
  const found: string[] = [];
  for (const [form, say] of Object.entries({ ...FORMS, ...IN_BAND })) {
    for (const sends of SENDS) {
      if (found.length > 0) return found;
      await onStage(realm, { sends, backend: refusingBad(say) }, async (stage) => {
        writeMany(stage, 20, 'bad');
        writeMany(stage, 5, 'good');
        const took = await stage.sync(3 * HOUR);
        const rejected = stage.rejected();
        const about = `20 bad writes (${form}, ${sends})`;
        if (stage.file.count() > 0)
          found.push(`breaker: of ${about}, ${stage.file.count() - 5} were still queued after three hours`);
        else if (rejected.length !== 20 || rejected.some((name) => !name.startsWith('bad')))
          found.push(`breaker: ${about} came to ${rejected.length} recorded ones (${took / 60_000} min)`);
      });
    }
  }
  return found;
};

/** A deployment that refuses everything for an hour costs at most 10 recorded writes, and nothing else is lost. */
export const badDeployment: Scenario = async (realm) => {
  const found: string[] = [];
  for (const [form, say] of Object.entries(FORMS)) {
    for (const sends of SENDS) {
      if (found.length > 0) return found;
      let startedAt: number | undefined;
      const applied = new Set<string>();
      const backend = (names: readonly string[], now: number): Answer => {
        startedAt ??= now;
        if (now < startedAt + HOUR) return say(names, 0);
        for (const name of names) applied.add(name);
        return allApplied(names);
      };
      await onStage(realm, { sends, backend }, async (stage) => {
        writeMany(stage, 300, 'good');
        await stage.sync(6 * HOUR);
        const cost = stage.rejected().length;
        const about = `a deployment that refused everything for an hour (${form}, ${sends})`;
        if (cost > 10) found.push(`breaker: ${about} cost ${cost} writes`);
        if (stage.file.count() > 0) found.push(`breaker: after ${about}, the queue stood still`);
        if (applied.size + cost !== 300)
          found.push(`breaker: after ${about}, ${applied.size} were applied and ${cost} recorded, of 300`);
      });
    }
  }
  return found;
};

/** The share of good writes that are recorded if each request is refused with a probability of one half. */
async function shareLost(realm: Realm, sends: (typeof SENDS)[number], seeds: number): Promise<number> {
  let lost = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    let chance = (): boolean => false;
    const backend = (names: readonly string[]): Answer => (chance() ? refusedWhole(400) : allApplied(names));
    lost += await onStage(realm, { seed, sends, backend }, async (stage) => {
      chance = () => stage.random.chance(0.5);
      writeMany(stage, 300, 'good');
      await stage.sync(24 * HOUR);
      return stage.rejected().length + stage.file.count();
    });
  }
  return lost / (300 * seeds);
}

/** If half of the instances are broken, at most 3 % of the good writes are recorded on average. */
export const halfBroken: Scenario = async (realm) => {
  const found: string[] = [];
  for (const sends of SENDS) {
    const share = await shareLost(realm, sends, 10);
    if (share > 0.03)
      found.push(
        `breaker: half of the instances broken (${sends}): ${(100 * share).toFixed(1)} % of good writes`,
      );
  }
  return found;
};

/** One bad write among good ones leaves the queue within a minute, and only it is recorded. */
export const oneBad: Scenario = async (realm) => {
  const found: string[] = [];
  for (const [form, say] of Object.entries({ ...FORMS, ...IN_BAND })) {
    for (const sends of SENDS) {
      await onStage(realm, { sends, backend: refusingBad(say) }, async (stage) => {
        writeMany(stage, 20, 'good');
        stage.write('bad');
        writeMany(stage, 20, 'good2-');
        const took = await stage.sync(HOUR);
        const about = `one bad write among good ones (${form}, ${sends})`;
        if (took > 60_000) found.push(`breaker: ${about} took ${took / 1_000} s`);
        if (stage.rejected().join() !== 'bad') found.push(`breaker: ${about}: recorded ${stage.rejected()}`);
      });
    }
  }
  return found;
};
