import { allApplied, onStage, type Scenario } from './stage.ts';

/** P5: nothing is sent after `close()`, even if it is called while users change or a request is running. */
export const closing: Scenario = async (realm) => {
  const found: string[] = [];
  for (let after = 0; after <= 12; after++) {
    let requests = 0;
    const backend = (names: readonly string[]) => {
      requests++;
      return allApplied(names);
    };
    await onStage(realm, { seed: after, backend }, async ({ connector, handle, scheduler, write }) => {
      void connector.setOwner(handle, 'ada').catch(() => {});
      await scheduler.advance(after);
      connector.close();
      await scheduler.advance(100);
      write('a');
      void connector.uploadData(handle).catch(() => {});
      void connector.drain(handle);
      await scheduler.advance(10_000);
      if (requests > 0)
        found.push(`P5: a request went out after close() (called ${after} ms into setOwner())`);
    });
  }
  return found;
};
