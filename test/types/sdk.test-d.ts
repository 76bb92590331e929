// The connector fits the PowerSync SDK as its types are, in both major versions. Compiled by `npm run types`, never run.
import type {
  AbstractPowerSyncDatabase,
  CommonPowerSyncDatabase,
  CrudEntry,
  PowerSyncBackendConnector,
} from '@powersync/common';
import type { PowerSyncDatabase as NodeDatabase } from '@powersync/node';
import type { PowerSyncDatabase as WebDatabase } from '@powersync/web';
import type {
  BackendConnector,
  ConnectorDatabase,
  CrudEntryLike,
  RejectionContext,
} from 'powersync-backend-connector';
import type {
  AbstractPowerSyncDatabase as AbstractPowerSyncDatabase1,
  CrudEntry as CrudEntry1,
  PowerSyncBackendConnector as PowerSyncBackendConnector1,
} from 'powersync-common-1';
import { expectTypeOf } from 'vitest';

declare const connector: BackendConnector;
declare const signal: AbortSignal;

expectTypeOf<CommonPowerSyncDatabase>().toExtend<ConnectorDatabase>();
expectTypeOf<AbstractPowerSyncDatabase>().toExtend<ConnectorDatabase>();
expectTypeOf<AbstractPowerSyncDatabase1>().toExtend<ConnectorDatabase>();
expectTypeOf<CrudEntry>().toExtend<CrudEntryLike>();
expectTypeOf<CrudEntry1>().toExtend<CrudEntryLike>();

expectTypeOf(connector).toExtend<PowerSyncBackendConnector>();
expectTypeOf(connector).toExtend<PowerSyncBackendConnector1>();

export async function everyDatabaseFits(
  node: NodeDatabase,
  web: WebDatabase,
  common: CommonPowerSyncDatabase,
  version1: AbstractPowerSyncDatabase1,
): Promise<void> {
  for (const database of [node, web, common]) await database.connect(connector);
  await version1.connect(connector);
  for (const database of [node, web, common, version1]) {
    await connector.uploadData(database);
    await connector.drain(database, { signal });
    connector.keepUploading(database, { signal });
    await connector.resetBreaker(database);
  }
}

// A policy gets the database as the connector sees it, and can pass it on.
expectTypeOf<RejectionContext['database']>().toEqualTypeOf<ConnectorDatabase>();
