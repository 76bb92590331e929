import { allApplied, onStage, type Scenario } from './stage.ts';

/** If the client id is requested too early, the SDK keeps the failure for as long as the database object exists. */
export const ready: Scenario = async (realm) => {
  const found: string[] = [];
  await onStage(
    realm,
    { backend: allApplied },
    async ({ connector, handle, scheduler, file, write, sync }) => {
      const openedAt = scheduler.now + 200;
      let failure: Error | undefined;
      Object.assign(handle, {
        waitForReady: () => scheduler.sleep(Math.max(0, openedAt - scheduler.now)),
        getClientId: async () => {
          if (scheduler.now < openedAt) failure ??= new Error('The database is not open yet.');
          if (failure) throw failure;
          return file.clientId;
        },
      });
      write('a');
      void connector.drain(handle);
      const owned = connector.setOwner(handle, 'ada').catch(() => {});
      await scheduler.advance(1_000);
      await owned;
      await sync(60_000);
      if (failure) found.push('the client id was requested before the database was ready');
      if (file.count() > 0) found.push('P8: nothing is uploaded after an early call');
    },
  );
  return found;
};
