import type { Realm } from './realms.ts';

/** Web Locks, shared by the tabs of a browser. When a tab is gone, for whatever reason, its locks are free. */
export class WebLocks {
  readonly #tails = new Map<string, Promise<unknown>>();
  readonly #held = new Map<Realm, Set<Held>>();
  readonly #dead = new Map<Realm, string[]>();

  /** Gives locks to a realm. Without this call it has none. */
  give(realm: Realm): void {
    const held = this.#held.get(realm) ?? new Set();
    this.#held.set(realm, held);
    const request = async (
      name: string,
      { signal }: { signal: AbortSignal },
      task: () => Promise<unknown>,
    ): Promise<unknown> => {
      if (this.#dead.get(realm)?.some((clientId) => name.endsWith(clientId))) return new Promise(() => {});
      const before = this.#tails.get(name);
      let free = (): void => {};
      const released = new Promise<void>((resolve) => {
        free = resolve;
      });
      const lock = { name, free };
      held.add(lock);
      this.#tails.set(name, Promise.all([before, released]));
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('AbortError')));
      });
      aborted.catch(() => {});
      try {
        await Promise.race([before, aborted]);
        return await task();
      } finally {
        free();
        held.delete(lock);
      }
    };
    setNavigator(realm, { locks: { request } });
  }

  static take(realm: Realm): void {
    setNavigator(realm, {});
  }

  /** A tab of this database was killed. The browser frees the locks that it held or waited for. */
  left(realm: Realm, clientId: string): void {
    this.#dead.set(realm, [...(this.#dead.get(realm) ?? []), clientId]);
    for (const { name, free } of this.#held.get(realm) ?? []) if (name.endsWith(clientId)) free();
  }
}

interface Held {
  readonly name: string;
  readonly free: () => void;
}

function setNavigator({ realmGlobal }: Realm, value: object): void {
  Object.defineProperty(realmGlobal, 'navigator', { configurable: true, value });
}
