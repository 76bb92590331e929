import type { Handle } from './database.ts';
import type { Realm } from './realms.ts';

/** One opened app: a tab, or a process. */
export interface Tab {
  readonly handle: Handle;
  readonly realm: Realm;
  readonly connector: InstanceType<Realm['BackendConnector']>;
  isClosed: boolean;
  /** The signal of the call of `uploadData()` that is under way, as far as the app's function was told. */
  signal: { readonly aborted: boolean } | undefined;
  /** Ends `keepUploading()`. */
  stopUploading: AbortController | undefined;
}
