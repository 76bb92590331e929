import { PowerSyncDatabase } from '@powersync/web';
import { schema } from './schema.ts';

/**
 * One file for all users of this device, to show how the connector separates their writes. One file each is simpler.
 */
export const db = new PowerSyncDatabase({ schema, database: { dbFilename: 'web-todo.db' } });
