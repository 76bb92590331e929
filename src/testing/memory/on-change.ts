import type { PlatformAbortSignal } from '../../transport/platform.ts';
import type { DatabaseFile } from './file.ts';

/** The handler that `onChange()` calls. */
export type ChangeHandler = {
  onChange(event: { readonly changedTables: string[] }): unknown;
};

/** Options of `onChange()`. */
export type ChangeOptions = {
  /**
   * Names of the tables to watch: tables of the app, or internal ones such as `ps_crud`.
   *
   * @default []
   */
  readonly tables?: readonly string[] | undefined;
  /**
   * Changes within this many milliseconds are reported together.
   *
   * @default 30
   */
  readonly throttleMs?: number | undefined;
  /** Ends the watch when it is aborted. */
  readonly signal?: PlatformAbortSignal | undefined;
};

/** Calls the handler when one of these tables changes. Returns a function that ends the watch. */
export function onChange(
  { listeners }: DatabaseFile,
  handler: ChangeHandler,
  { tables = [], throttleMs = 30, signal }: ChangeOptions = {},
): () => void {
  const watched = new Set(tables.flatMap((name) => [name, `ps_data__${name}`, `ps_data_local__${name}`]));
  const changed = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function tell(): void {
    timer = undefined;
    const changedTables = [...changed];
    changed.clear();
    Promise.resolve()
      .then(() => handler.onChange({ changedTables }))
      .catch((error: unknown) => console.error('memoryDatabase: an onChange() handler failed', error));
  }
  function hear(names: ReadonlySet<string>): void {
    for (const name of names) if (watched.has(name)) changed.add(name);
    if (changed.size > 0) timer ??= setTimeout(tell, throttleMs);
  }
  function stop(): void {
    listeners.delete(hear);
    clearTimeout(timer);
  }

  if (signal?.aborted) return stop;
  listeners.add(hear);
  signal?.addEventListener('abort', stop);
  return stop;
}
