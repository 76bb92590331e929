import { allApplied, onStage, type Scenario } from './stage.ts';

/** P2: `discardQueued()` waits for the upload that is under way; else its completion is stale, and stops downloads. */
export const discarding: Scenario = async (realm) => {
  const found: string[] = [];
  for (let seed = 1; seed <= 10; seed++) {
    await onStage(
      realm,
      { seed, backend: allApplied },
      async ({ connector, handle, scheduler, file, write }) => {
        file.onStale = () => found.push('P2: a stale completion was made while writes were discarded');
        const done = connector.setOwner(handle, 'ada');
        await scheduler.advance(100);
        await done;
        write('a');
        void connector.uploadData(handle).catch(() => {});
        await scheduler.advance(30 + seed);
        const discarded = realm.discardQueued(handle, 'ada');
        await scheduler.advance(60_000);
        await discarded;
      },
    );
  }
  return found;
};
