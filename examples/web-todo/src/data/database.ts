import { PowerSyncDatabase } from '@powersync/web';
import { schema } from './schema.ts';

/** One file for everybody on this device, to show how the connector keeps their writes apart. A file each is simpler. */
export const db = new PowerSyncDatabase({ schema, database: { dbFilename: 'web-todo.db' } });
