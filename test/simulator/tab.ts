import type { Handle } from './database.ts';
import type { Realm } from './realms.ts';

/** One running app: a tab or a process. */
export interface Tab {
  readonly handle: Handle;
  readonly realm: Realm;
  readonly connector: InstanceType<Realm['BackendConnector']>;
  isClosed: boolean;
  /** Stops `keepUploading()`. */
  stopUploading: AbortController | undefined;
}
