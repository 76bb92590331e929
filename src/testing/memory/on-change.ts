import type { PlatformAbortSignal } from '../../transport/platform.ts';
import type { DatabaseFile } from './file.ts';

export type ChangeHandler = {
  onChange(event: { readonly changedTables: string[] }): unknown;
};

export type ChangeOptions = {
  /** Names of tables: those of the app, and internal ones such as `ps_crud`. */
  readonly tables?: readonly string[] | undefined;
  /**
   * Milliseconds in which changes are collected before the handler is called.
   *
   * @default 30
   */
  readonly throttleMs?: number | undefined;
  readonly signal?: PlatformAbortSignal | undefined;
};

/** Calls back on changes of these tables; returns the function that ends it. */
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
