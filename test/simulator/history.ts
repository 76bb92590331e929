// One history: what happens to a few devices and a backend, and what has to be true of it in the end.

import type { UploadTransaction } from '../../src/queue/transaction.ts';
import { DatabaseFile, Handle, type LocalEntry } from './database.ts';
import type { Realm } from './realms.ts';
import { createScheduler, type Dice, dice, inVirtualTime, type Scheduler } from './scheduler.ts';
import { FAULTS, type Fault, Server } from './server.ts';

/** One step of a history. Numbers choose among what is there at that moment. */
export type Action =
  | { readonly do: 'write'; readonly device: number; readonly entries: number; readonly bad: boolean }
  | { readonly do: 'upload'; readonly device: number; readonly tab: number }
  | { readonly do: 'drain'; readonly device: number; readonly tab: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'fault'; readonly fault: Fault; readonly times: number }
  | { readonly do: 'deploy'; readonly fault: Fault | undefined }
  | { readonly do: 'open'; readonly device: number }
  | { readonly do: 'crash'; readonly device: number; readonly tab: number }
  | { readonly do: 'close'; readonly device: number; readonly tab: number }
  | { readonly do: 'sign in'; readonly device: number; readonly tab: number; readonly user: number }
  | { readonly do: 'refuse token'; readonly device: number }
  | { readonly do: 'back up'; readonly device: number }
  | { readonly do: 'restore'; readonly device: number }
  | { readonly do: 'clear'; readonly device: number }
  | { readonly do: 'move clock'; readonly device: number; readonly ms: number };

export interface Plan {
  readonly seed: number;
  readonly actions: readonly Action[];
}

const USERS = ['ada', 'bob'] as const;
const TIMEOUT_MS = 5_000;
const DEVICES = 2;

/** Makes up the actions of a history. */
export function plan(seed: number): Plan {
  const random = dice(seed);
  const device = (): number => random.below(DEVICES);
  const tab = (): number => random.below(3);
  const makers: readonly (readonly [weight: number, make: () => Action])[] = [
    [30, () => ({ do: 'write', device: device(), entries: 1 + random.below(4), bad: random.chance(0.08) })],
    [30, () => ({ do: 'upload', device: device(), tab: tab() })],
    [5, () => ({ do: 'drain', device: device(), tab: tab() })],
    [20, () => ({ do: 'wait', ms: random.pick([1, 10, 50, 500, 6_000, 60_000, 600_000]) })],
    [14, () => ({ do: 'fault', fault: random.pick(FAULTS), times: 1 + random.below(3) })],
    [
      2,
      () => ({
        do: 'deploy',
        fault: random.pick(['refuse all', 'forbidden', 'unavailable', undefined] as const),
      }),
    ],
    [3, () => ({ do: 'open', device: device() })],
    [4, () => ({ do: 'crash', device: device(), tab: tab() })],
    [1, () => ({ do: 'close', device: device(), tab: tab() })],
    [3, () => ({ do: 'sign in', device: device(), tab: tab(), user: random.below(USERS.length) })],
    [2, () => ({ do: 'refuse token', device: device() })],
    [2, () => ({ do: 'back up', device: device() })],
    [1, () => ({ do: 'restore', device: device() })],
    [1, () => ({ do: 'clear', device: device() })],
    [
      2,
      () => ({
        do: 'move clock',
        device: device(),
        ms: random.pick([-86_400_000, -60_000, 60_000, 86_400_000]),
      }),
    ],
  ];
  const total = makers.reduce((sum, [weight]) => sum + weight, 0);
  const actions = Array.from({ length: 20 + random.below(60) }, (): Action => {
    let at = random() * total;
    for (const [weight, make] of makers) {
      if (at < weight) return make();
      at -= weight;
    }
    return { do: 'wait', ms: 1 };
  });
  return { seed, actions };
}

interface Tab {
  readonly handle: Handle;
  readonly connector: InstanceType<Realm['BackendConnector']>;
  readonly realm: Realm;
}

interface Written {
  readonly marker: string;
  readonly owner: string | null;
  readonly bad: boolean;
  /** In a database that was restored to a time before, or cleared: gone, or perhaps uploaded before that. */
  mayBeLost: boolean;
}

/** Runs a history; returns what was violated. */
export async function run({ seed, actions }: Plan, realms: readonly Realm[]): Promise<string[]> {
  const scheduler = createScheduler(Date.UTC(2026, 0, 1));
  return inVirtualTime(scheduler, () => new World(seed, scheduler, realms).live(actions));
}

let worlds = 0;

class World {
  readonly violations: string[] = [];
  readonly scheduler: Scheduler;
  readonly random: Dice;
  readonly server: Server;
  readonly devices: Device[];
  readonly hasWebLocks: boolean;

  constructor(seed: number, scheduler: Scheduler, realms: readonly Realm[]) {
    this.scheduler = scheduler;
    this.random = dice(seed ^ 0x5eed);
    this.server = new Server(scheduler, this.random);
    const id = ++worlds; // The lanes of realms go by client id.
    this.devices = Array.from({ length: DEVICES }, (_, index) => new Device(this, `w${id}d${index}`, realms));
    this.hasWebLocks = this.random.chance(0.5);
    if (this.hasWebLocks) giveWebLocks(scheduler);
    else takeWebLocks();
  }

  async live(actions: readonly Action[]): Promise<string[]> {
    for (const action of actions) await this.#act(action);
    this.server.faults.length = 0;
    this.server.badDeployment = undefined;
    for (const device of this.devices) await device.comeToRest();
    this.#judge();
    return [...this.violations, ...this.server.violations];
  }

  async #act(action: Action): Promise<void> {
    switch (action.do) {
      case 'wait':
        return this.scheduler.advance(action.ms);
      case 'fault':
        for (let i = 0; i < action.times; i++) this.server.faults.push(action.fault);
        return;
      case 'deploy':
        this.server.badDeployment = action.fault;
        return;
    }
    const device = this.devices[action.device] as Device;
    await device.act(action);
    await this.scheduler.advance(this.random.below(5));
  }

  #judge(): void {
    const applied = new Map<string, number>();
    for (const { marker } of this.server.effects) applied.set(marker, (applied.get(marker) ?? 0) + 1);
    for (const device of this.devices) device.judge(applied, this.violations);
  }
}

class Device {
  readonly #world: World;
  readonly #realms: readonly Realm[];
  readonly #file: DatabaseFile;
  readonly #written: Written[] = [];
  readonly #rejected = new Set<string>();
  #usedRealms = 0;
  #tabs: Tab[] = [];
  #user: string | null = null;
  #hasOwner = false;
  #wasCleared = false;
  #clockOffset = 0;
  #tokens = 0;
  #backup: { restore(): void; written: number; user: string | null; hasOwner: boolean } | undefined;

  constructor(world: World, clientId: string, realms: readonly Realm[]) {
    this.#world = world;
    this.#realms = realms;
    this.#file = new DatabaseFile(clientId);
    this.#file.onCompleted = (entries) => {
      for (const { opData } of entries) this.#left(String(opData?.marker));
    };
    this.#open();
  }

  /** P1: whatever leaves the queue was applied, or refused and written down. */
  #left(marker: string): void {
    const isApplied = this.#world.server.effects.some((each) => each.marker === marker);
    if (isApplied) return;
    if (!this.#recorded().has(marker))
      this.#world.violations.push(`P1: ${marker} left the queue without proof`);
    if (!this.#world.server.refused.has(marker))
      this.#world.violations.push(`P1: ${marker} was rejected, but never refused`);
  }

  #recorded(): Set<string> {
    const found = new Set(this.#rejected);
    try {
      const rows = this.#file.sqlite.prepare('SELECT entries FROM connector_rejected_writes').all();
      for (const { entries } of rows) {
        for (const { opData } of JSON.parse(String(entries))) if (opData?.marker) found.add(opData.marker);
      }
    } catch {
      // No table yet: nothing was rejected.
    }
    return found;
  }

  #open(): void {
    const realm = this.#realms[this.#usedRealms++];
    if (!realm) return;
    const { scheduler, random, server } = this.#world;
    const handle = new Handle(this.#file, scheduler, random);
    const connector = new realm.BackendConnector({
      endpoint: 'https://service.test',
      credentials: async () => {
        await scheduler.sleep(random.below(20));
        return this.#user === null ? null : { token: this.#token() };
      },
      transport: async ({ transactions }, context) => {
        const token = await context.token();
        if (token === undefined) throw new realm.UploadError('unauthenticated', 'Nobody is signed in.');
        if (handle.isDead) return new Promise(() => {});
        const { body, count } = realm.packTransactions(transactions, 2_000);
        this.#checkSent(transactions.slice(0, count), token);
        const { status, text, headers = {} } = await server.handle(body, token);
        const lowerCase = { get: (name: string) => headers[name] ?? null };
        const results = realm.readResults({ status, text, headers: lowerCase }, count);
        return transactions.map((_, index) => results[index] ?? { status: 'not_attempted' });
      },
      batching: { maxTransactions: 1 + random.below(8) },
      retry: { timeoutMs: TIMEOUT_MS },
      clock: () => scheduler.now + this.#clockOffset,
      random,
    });
    connector.subscribe((event) => this.#checkForSecrets(JSON.stringify(event)));
    this.#tabs.push({ handle, connector, realm });
  }

  /** Opaque, or one that tells its user. */
  #token(): string {
    return `TOKEN-${this.#user}-${++this.#tokens}`;
  }

  /** P2: a transaction is sent whole. P6: never in another's name. */
  #checkSent(transactions: readonly UploadTransaction[], token: string): void {
    for (const { entries } of transactions) {
      const marker = String(entries[0]?.opData?.marker);
      const size = Number(marker.split('/')[1]);
      if (entries.length !== size) this.#world.violations.push(`P2: ${marker} was split`);
      const written = this.#written.find((each) => each.marker === marker);
      const user = token.split('-')[1];
      if (written?.owner && written.owner !== user)
        this.#world.violations.push(`P6: ${marker} of ${written.owner} was sent as ${user}`);
    }
  }

  /** P7 */
  #checkForSecrets(text: string): void {
    const found = /TOKEN-|SECRET|SERVER WORDS/.exec(text);
    if (found) this.#world.violations.push(`P7: ${found[0]} in ${text}`);
  }

  #tab(index: number): Tab | undefined {
    return this.#tabs[index % Math.max(1, this.#tabs.length)];
  }

  async act(action: Exclude<Action, { do: 'wait' | 'fault' | 'deploy' }>): Promise<void> {
    switch (action.do) {
      case 'write':
        this.#write(action.entries, action.bad);
        return;
      case 'upload':
        void this.#upload(this.#tab(action.tab));
        return;
      case 'drain':
        void this.#tab(action.tab)?.connector.drain(this.#tab(action.tab)?.handle as Handle);
        return;
      case 'open':
        if (this.#tabs.length < 3) this.#open();
        return;
      case 'crash':
        this.#end(this.#tab(action.tab), (tab) => tab.handle.kill());
        return;
      case 'close':
        this.#end(this.#tab(action.tab), (tab) => tab.connector.close());
        return;
      case 'sign in':
        return this.#signIn(this.#tab(action.tab), USERS[action.user] ?? 'ada');
      case 'refuse token':
        for (const { connector } of this.#tabs) connector.invalidateCredentials();
        return;
      case 'back up':
        this.#backup = {
          restore: this.#file.snapshot(),
          written: this.#written.length,
          user: this.#user,
          hasOwner: this.#hasOwner,
        };
        return;
      case 'restore':
        return this.#restore();
      case 'clear':
        return this.#clear();
      case 'move clock':
        this.#clockOffset += action.ms;
        return;
    }
  }

  #write(entries: number, bad: boolean): void {
    const marker = `${this.#file.clientId}-${this.#written.length}/${entries}`;
    const list = Array.from({ length: entries }, (_, index): LocalEntry => {
      const data = { marker, secret: 'SECRET', ...(bad && index === entries - 1 && { bad: true }) };
      return { op: 'PUT', table: 'rows', id: `r${index}`, data };
    });
    this.#file.write(list);
    this.#written.push({ marker, owner: this.#hasOwner ? this.#user : null, bad, mayBeLost: false });
  }

  /** P5: a call ends in time, whatever happens. */
  async #upload(tab: Tab | undefined): Promise<void> {
    if (!tab) return;
    const { scheduler, violations } = this.#world;
    const startedAt = scheduler.now;
    let ended = false;
    scheduler.after(TIMEOUT_MS + 1_000, () => {
      if (!ended && !tab.handle.isDead)
        violations.push(`P5: uploadData() had not ended after ${TIMEOUT_MS + 1_000} ms`);
    });
    const before = this.#file.read(1)[0]?.clientId;
    try {
      await tab.connector.uploadData(tab.handle);
      const after = this.#file.read(1)[0]?.clientId;
      if (before !== undefined && before === after && this.#tabs.length === 1 && scheduler.now > startedAt)
        violations.push('P2: uploadData() returned, and the head of the queue had not moved');
    } catch (error) {
      this.#checkForSecrets(`${error} ${(error as Error).cause ?? ''}`);
    } finally {
      ended = true;
    }
  }

  #end(tab: Tab | undefined, how: (tab: Tab) => void): void {
    if (!tab) return;
    how(tab);
    this.#tabs = this.#tabs.filter((each) => each !== tab);
    if (this.#tabs.length === 0) this.#open();
  }

  /** Signs out first, as apps do: until then tokens are those of the user before. */
  async #signIn(tab: Tab | undefined, user: string): Promise<void> {
    if (!tab || this.#user === user) return;
    const { scheduler } = this.#world;
    const step = async (owner: string | null): Promise<void> => {
      const done = tab.connector.setOwner(tab.handle, owner);
      await Promise.race([done, scheduler.advance(60_000).then(() => done)]);
    };
    await step(null);
    this.#hasOwner = true;
    this.#user = user;
    await step(user);
  }

  #restore(): void {
    if (!this.#backup) return;
    for (const { handle } of this.#tabs) handle.kill(); // The app is closed, of course.
    this.#tabs = [];
    for (const each of this.#written.slice(this.#backup.written)) each.mayBeLost = true;
    for (const marker of this.#recorded()) this.#rejected.add(marker);
    this.#backup.restore();
    this.#user = this.#backup.user;
    this.#hasOwner = this.#backup.hasOwner;
    this.#open();
  }

  /** disconnectAndClear(): what was queued is gone, op ids go on. */
  #clear(): void {
    const queued = new Set(this.#file.read(1_000_000).map(({ opData }) => opData?.marker));
    for (const each of this.#written) if (queued.has(each.marker)) each.mayBeLost = true;
    this.#wasCleared = true;
    this.#file.sqlite.exec('DELETE FROM ps_crud');
  }

  /** Everybody signs in once more, and all that can be uploaded is. */
  async comeToRest(): Promise<void> {
    const { scheduler } = this.#world;
    this.#end(this.#tabs[0], (tab) => tab.connector.close()); // so that nothing is left in flight, if only here
    for (let round = 0; round < 12 && this.#file.count() > 0; round++) {
      await scheduler.advance(3_600_000);
      if (this.#usedRealms >= this.#realms.length && this.#tabs.length === 0) return;
      const [tab] = this.#tabs;
      if (!tab) return;
      if (this.#hasOwner || this.#user === null)
        await this.#signIn(tab, USERS[round % USERS.length] as string);
      const drained = tab.connector.drain(tab.handle);
      await Promise.race([drained, scheduler.advance(600_000).then(() => drained)]);
    }
  }

  judge(applied: ReadonlyMap<string, number>, violations: string[]): void {
    const recorded = this.#recorded();
    const isStuck = this.#file.count() > 0;
    if (isStuck)
      violations.push(`P8: ${this.#file.count()} entries of ${this.#file.clientId} never left the queue`);
    // Without locks, another tab may complete between the last look at the head and the SDK's complete(); and so may an
    // app clear the queue. The SDK has no completion that checks.
    if (this.#file.staleCompletions > 0 && this.#world.hasWebLocks && !this.#wasCleared)
      violations.push('P2: a stale completion was made');
    for (const { marker, bad, mayBeLost } of this.#written) {
      const count = applied.get(marker) ?? 0;
      if (count > 1) violations.push(`P3: ${marker} took effect ${count} times`);
      if (bad && count > 0) violations.push(`P1: ${marker} was bad, and took effect`);
      if (count === 0 && !recorded.has(marker) && !mayBeLost && !isStuck)
        violations.push(`P1: ${marker} is lost`);
    }
  }
}

/** Web Locks as tabs of one origin share them; that of a tab that crashed is released after a while. */
function giveWebLocks(scheduler: Scheduler): void {
  const tails = new Map<string, Promise<unknown>>();
  const request = async (
    name: string,
    { signal }: { signal: AbortSignal },
    task: () => Promise<unknown>,
  ): Promise<unknown> => {
    const before = tails.get(name);
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    tails.set(name, Promise.all([before, released]));
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('AbortError')));
    });
    try {
      await Promise.race([before, aborted]);
      const running = task();
      void scheduler.sleep(2 * TIMEOUT_MS).then(release);
      return await running;
    } finally {
      release();
    }
  };
  Object.defineProperty(globalThis.navigator, 'locks', { configurable: true, value: { request } });
}

function takeWebLocks(): void {
  Object.defineProperty(globalThis.navigator, 'locks', { configurable: true, value: undefined });
}
