import { allApplied, onStage, type Scenario } from './stage.ts';

/** P2: `discardQueued()` waits for the running upload. Otherwise its completion is stale, and downloads stop. */
export const discarding: Scenario = async (realm) => {
  const found = new Set<string>();
  for (let after = 0; after < 100; after++) {
    for (let seed = 1; seed <= 3; seed++) {
      const options = { seed, backend: allApplied };
      await onStage(realm, options, async ({ connector, handle, scheduler, file, write }) => {
        file.onStale = () => found.add('P2: a stale completion was made while writes were discarded');
        const done = connector.setOwner(handle, 'ada');
        await scheduler.advance(100);
        await done;
        write('a');
        void connector.uploadData(handle).catch(() => {});
        await scheduler.advance(after);
        const discarded = realm.discardQueued(handle, 'ada');
        await scheduler.advance(60_000);
        await discarded;
      });
    }
  }
  return [...found];
};
