import type { UploadEntry } from '../../src/queue/transaction.ts';
import type { RejectionPolicy } from '../../src/rejections/policy.ts';
import { checkLeaving, checkStale } from './checks/leaving.ts';
import { OrderOfEffects } from './checks/order.ts';
import { checkRecordedOnce, checkRejected } from './checks/rejected.ts';
import { checkOwner, markerOf, Requests, recordedMarkers } from './checks/requests.ts';
import type { Violations } from './checks/violations.ts';
import { DatabaseFile, Handle, type LocalEntry } from './database.ts';
import { Flights } from './flights.ts';
import { Ledger, type Written } from './ledger.ts';
import { WebLocks } from './locks.ts';
import { HANG_MS, type Network } from './network.ts';
import type { DeviceAction, TabAction } from './plan.ts';
import { makePolicy } from './policies.ts';
import type { Realm } from './realms.ts';
import type { Dice, Scheduler } from './scheduler.ts';
import { type Bad, type Effect, markerOf as nameOf, type Server } from './server.ts';
import type { DeviceSetup } from './setup.ts';
import type { Tab } from './tab.ts';
import { makeToken, ownerId, SlowCache, USERS, type User, userOf } from './tokens.ts';
import { makeTransport, type Surroundings } from './transports.ts';

const TIMEOUT_MS = 5_000;
/** How much longer than its deadline a call may take, because of SQLite and other callers. */
const GRACE_MS = 1_000;

/** Everything that the devices share. */
export interface Surrounding {
  readonly scheduler: Scheduler;
  readonly random: Dice;
  readonly server: Server;
  readonly network: Network;
  readonly violations: Violations;
  readonly realms: readonly Realm[];
  /** Undefined if the platform has none. */
  readonly webLocks: WebLocks | undefined;
}

/** A device with its database file, its user and its tabs. */
export class Device {
  readonly clientId: string;
  readonly #world: Surrounding;
  readonly #setup: DeviceSetup;
  readonly #file: DatabaseFile;
  readonly #ledger: Ledger;
  readonly #order: OrderOfEffects;
  readonly #requests: Requests;
  readonly #cache: SlowCache;
  /** Markers of rejected writes that are no longer listed, because of a restore or because the list was cleared. */
  readonly #rejected = new Set<string>();
  readonly #running = new Set<Tab>();
  #usedRealms = 0;
  /** Whether two tabs were ever open at once. */
  #wasShared = false;
  #tabs: Tab[] = [];
  readonly #everOpen: Tab[] = [];
  readonly #flights: Flights;
  /** By marker: the tab that got the answer that the transaction was refused and overtaken. */
  readonly #told = new Map<string, Tab>();
  #user: User | null = null;
  /** Whether `setOwner()` was ever called. */
  #hasOwner = false;
  /** The user whose token the app still returns after signing out. */
  #kept: User | null = null;
  /** The file's `removals` when entries were last removed by anybody but a connector with a lock. */
  #removedByOthers = -1;
  /** `drainAndClear()` cleared all writes before this place, except for the rows with these keys. */
  #cleared = { before: 0, keys: new Set<string>() };
  /** The user whose tokens the app's session still returns, and until when. */
  #lag: { user: User | null; until: number } = { user: null, until: 0 };
  #clockOffset = 0;
  #tokens = 0;
  #backup: { restore(): void; written: number; user: User | null; hasOwner: boolean } | undefined;

  constructor(world: Surrounding, clientId: string, setup: DeviceSetup) {
    this.clientId = clientId;
    this.#world = world;
    this.#setup = setup;
    this.#user = setup.startsSignedIn ? USERS[0] : null;
    const { violations, server, scheduler, random } = world;
    this.#file = new DatabaseFile(clientId);
    this.#ledger = new Ledger(clientId);
    this.#order = new OrderOfEffects(this.#ledger, this.#isConcurrent, violations);
    this.#requests = new Requests(this.#file, this.#ledger, server, violations);
    this.#flights = new Flights(scheduler);
    this.#cache = new SlowCache(() => scheduler.sleep(random.pick([1, 10, 300])));
    const isKept = (entry: UploadEntry): boolean => !this.#ledger.find(markerOf(entry))?.mayBeLost;
    this.#file.onCompleted = (entries, by) => {
      if (!this.#isAlone) this.#removedByOthers = this.#file.removals;
      if (by.isDead) violations.add('a dead tab did something');
      checkLeaving(entries.filter(isKept), this.#file, server, violations);
    };
    this.#file.onStale = (by) => checkStale(by, this.#removedByOthers, violations);
    this.#open();
  }

  /** Whether uploads of this database can't have overlapped. Without Web Locks, nothing keeps other tabs out. */
  get #isAlone(): boolean {
    return this.#world.webLocks !== undefined || !this.#wasShared;
  }

  get #isConcurrent(): boolean {
    return this.#setup.transport.kind !== 'write api' && this.#setup.transport.concurrency > 1;
  }

  tookEffect(effect: Effect): void {
    const isQueued = (): boolean =>
      this.#file.read(1_000_000).some((each) => markerOf(each) === effect.marker);
    // If the answer was lost, or the tab that got it is gone, the connector can't know that the write was overtaken.
    const by = this.#told.get(effect.marker);
    const isKnown = by !== undefined && !by.isClosed && !by.handle.isDead;
    const isExcused = this.#world.server.overtaken.has(effect.marker) && !isKnown;
    if (this.#isAlone && !isExcused) this.#order.tookEffect(effect, () => !isQueued());
  }

  #open(like?: Tab): void {
    const realm = like?.realm ?? this.#world.realms[this.#usedRealms++];
    if (!realm) return;
    const { scheduler, random, webLocks, violations } = this.#world;
    const { policy, transport, maxTransactions, hasCache } = this.#setup;
    if (webLocks) webLocks.give(realm);
    else WebLocks.take(realm);
    const handle = new Handle(this.#file, scheduler, random);
    const decide = makePolicy(policy, realm, scheduler, TIMEOUT_MS + random.below(4_000));
    const rejections: RejectionPolicy = (rejected, context) => {
      if (handle.isDead) return new Promise(() => {});
      // Whether its call was aborted isn't known here: see the scenario `deadline`.
      if (tab.isClosed)
        violations.add(`P5: the policy was asked about ${markerOf(rejected.entries[0])} after close()`);
      return decide(rejected, context);
    };
    const connector = new realm.BackendConnector({
      endpoint: 'https://service.test',
      credentials: async () => {
        await scheduler.sleep(random.below(20));
        if (handle.isDead) return new Promise(() => {});
        const user = scheduler.now < this.#lag.until ? this.#lag.user : (this.#user ?? this.#kept);
        return user && { token: makeToken(user, this.#setup.tokens, ++this.#tokens) };
      },
      transport: makeTransport(
        transport,
        realm,
        this.#around(() => tab),
      ),
      rejections,
      batching: { maxTransactions },
      retry: { timeoutMs: TIMEOUT_MS },
      clock: () => scheduler.now + this.#clockOffset,
      random,
      ...(hasCache && { tokenCache: this.#cache.in(realm, () => handle.isDead) }),
    });
    connector.subscribe((event) => this.#checkForSecrets(JSON.stringify(event)));
    const tab: Tab = {
      handle,
      realm,
      connector,
      isClosed: false,
      stopUploading: undefined,
    };
    this.#tabs.push(tab);
    this.#everOpen.push(tab);
    if (this.#tabs.length > 1) this.#wasShared = true;
  }

  #around(getTab: () => Tab): Surroundings {
    const { network, violations, webLocks } = this.#world;
    const isConcurrent = this.#isConcurrent;
    return {
      begins: (context, entries, keys) => {
        const tab = getTab();
        if (tab.handle.isDead) return () => {};
        const isAborted = context.signal.aborted;
        const isAlone = this.#isAlone;
        this.#requests.starts({ isClosed: tab.isClosed, isAborted, entries, keys, isConcurrent, isAlone });
        for (const other of this.#running) {
          const isTogether = webLocks || other.realm === tab.realm;
          if (isTogether && !other.handle.isDead && !(isConcurrent && other === tab))
            violations.add('P4: two uploads of one database at once');
        }
        this.#running.add(tab);
        return () => this.#running.delete(tab);
      },
      sends: (entries, token) => this.#checkSent(entries, token),
      toldOvertaken: (entries) => {
        for (const entry of entries) this.#told.set(markerOf(entry), getTab());
      },
      send: (units, token) => {
        if (getTab().handle.isDead) return new Promise(() => {});
        return this.#flights.watch(
          units.map(nameOf),
          network.send(units, token ? userOf(token) : String(this.#user)),
        );
      },
    };
  }

  /** P2: a transaction is sent as a whole. P6: it is never sent as another user. */
  #checkSent(entries: readonly UploadEntry[], token: string | undefined): void {
    const { violations } = this.#world;
    const { kind } = this.#setup.transport;
    const { tokens } = this.#setup;
    const user = token === undefined ? this.#user : userOf(token);
    const isReadable = token !== undefined && tokens !== 'opaque';
    checkOwner(entries, user && ownerId(user, tokens), isReadable, this.#ledger, violations);
    if (kind !== 'write api') return;
    const counts = new Map<string, number>();
    for (const entry of entries) counts.set(markerOf(entry), (counts.get(markerOf(entry)) ?? 0) + 1);
    for (const [marker, count] of counts)
      if (this.#ledger.find(marker)?.size !== count) violations.add(`P2: ${marker} was split`);
  }

  /** P7 */
  #checkForSecrets(text: string): void {
    const found = /TOKEN-|SECRET|SERVER WORDS/.exec(text);
    if (found) this.#world.violations.add(`P7: ${found[0]} in ${text}`);
  }

  async act(action: DeviceAction): Promise<void> {
    switch (action.do) {
      case 'write':
        this.#write(action.entries, action.bad);
        return;
      case 'open':
        if (this.#tabs.length < this.#setup.maxTabs) this.#open();
        return;
      case 'refuse token':
        for (const { connector } of this.#tabs) connector.invalidateCredentials();
        return;
      case 'back up':
        this.#backup = {
          restore: this.#file.snapshot(),
          written: this.#ledger.list.length,
          user: this.#user,
          hasOwner: this.#hasOwner,
        };
        return;
      case 'restore':
        return this.#restore();
      case 'clear':
        this.#mayBeLost(() => true);
        this.#file.clear();
        this.#removedByOthers = this.#file.removals;
        return;
      case 'discard':
        return this.#discard();
      case 'release held':
        return this.#releaseHeld();
      case 'write again':
        return this.#writeAgain();
      case 'move clock':
        this.#clockOffset += action.ms;
        return;
      default:
        return this.#actIn(this.#tabs[action.tab % Math.max(1, this.#tabs.length)], action);
    }
  }

  async #actIn(tab: Tab | undefined, action: TabAction): Promise<void> {
    if (!tab) return;
    const { connector, handle } = tab;
    switch (action.do) {
      case 'upload':
        void this.#upload(tab);
        return;
      case 'drain':
        void connector.drain(handle);
        return;
      case 'sync':
        void this.#sync(tab, action.ms);
        return;
      case 'crash':
        return this.#crash(tab);
      case 'crash at':
        handle.onExecuted = (sql) => {
          if (AT[action.point].test(sql)) this.#crash(tab);
        };
        return;
      case 'close':
        return this.#close(tab, action.sameRealm || this.#setup.maxTabs === 1);
      case 'disconnect':
        void connector.disconnect(handle).catch(() => {}); // closed in the meantime
        return;
      case 'keep uploading':
        if (tab.stopUploading || tab.isClosed) return;
        tab.stopUploading = new AbortController();
        void connector.keepUploading(handle, { signal: tab.stopUploading.signal });
        return;
      case 'stop uploading':
        tab.stopUploading?.abort();
        tab.stopUploading = undefined;
        return;
      case 'sign in':
        return this.#signIn(tab, USERS[action.user] ?? 'ada', action);
      case 'sign out':
        return this.#signOut(tab, action.keepsToken);
      case 'leave':
        return this.#leave(tab, action.unsent);
    }
  }

  #write(size: number, bad: Bad | undefined): Written {
    const owner = this.#hasOwner ? this.#user && ownerId(this.#user, this.#setup.tokens) : undefined;
    const written = this.#ledger.add(size, owner, bad);
    const { marker, place } = written;
    const isMixed = this.#setup.transport.kind === 'routes';
    this.#file.write(
      Array.from({ length: size }, (_, n): LocalEntry => {
        const data = { marker, n, secret: 'SECRET', ...(bad && n === size - 1 && { bad }) };
        const table = isMixed && (place + n) % 3 === 0 ? 'logs' : 'rows';
        return { op: 'PUT', table, id: `${this.clientId}r${(place + n) % 4}`, data };
      }),
    );
    return written;
  }

  /** P5: each call ends in time. */
  #upload(tab: Tab): Promise<boolean> {
    const { scheduler, violations } = this.#world;
    const startedAt = scheduler.now;
    let ended = false;
    scheduler.after(TIMEOUT_MS + GRACE_MS, () => {
      if (!ended && !tab.handle.isDead)
        violations.add(`P5: uploadData() had not ended after ${TIMEOUT_MS + GRACE_MS} ms`);
    });
    const before = this.#file.head();
    const call = async (): Promise<boolean> => {
      try {
        await tab.connector.uploadData(tab.handle);
        if (
          before !== undefined &&
          before === this.#file.head() &&
          this.#tabs.length === 1 &&
          scheduler.now > startedAt
        )
          violations.add('P2: uploadData() returned, but the head of the queue had not moved');
        return true;
      } catch (error) {
        this.#checkForSecrets(`${error} ${(error as Error).cause ?? ''}`);
        return false;
      } finally {
        ended = true;
      }
    };
    const running = call();
    tab.handle.running = running;
    return running;
  }

  /** Calls `uploadData()` as the SDK does while it is connected: again at once, or five seconds after a failure. */
  async #sync(tab: Tab, ms: number): Promise<void> {
    const { scheduler } = this.#world;
    const until = scheduler.now + ms;
    while (scheduler.now < until && !tab.handle.isDead) {
      const isDone = this.#file.count() === 0;
      if (isDone || !(await this.#upload(tab))) await scheduler.sleep(isDone ? 1_000 : 5_000);
    }
  }

  #crash(tab: Tab): void {
    if (this.#usedRealms >= this.#world.realms.length - 2) return;
    this.#kill(tab);
    this.#gone(tab);
  }

  /** Also kills what a closed connector still does in the same realm. */
  #kill({ realm }: Tab): void {
    for (const each of this.#everOpen) if (each.realm === realm) each.handle.kill();
    this.#world.webLocks?.left(realm, this.clientId);
    for (const marker of this.#flights.forgotten()) {
      const written = this.#ledger.find(marker);
      if (written) written.wasForgotten = true;
    }
  }

  #close(tab: Tab, sameRealm: boolean): void {
    if (!sameRealm && this.#usedRealms >= this.#world.realms.length - 2) return;
    if (!sameRealm) this.#wasShared = true; // with requests that are still running
    tab.stopUploading?.abort();
    tab.isClosed = true;
    tab.connector.close();
    this.#gone(tab, sameRealm ? tab : undefined);
  }

  #gone(tab: Tab, like?: Tab): void {
    this.#tabs = this.#tabs.filter((each) => each !== tab && !each.handle.isDead);
    if (this.#tabs.length === 0) this.#open(like);
  }

  /** Lets time pass until the work is done, for at most `ms`. */
  async #during(work: Promise<unknown>, ms = 60_000): Promise<void> {
    let isDone = false;
    const done = work.then(
      () => {
        isDone = true;
      },
      () => {
        isDone = true;
      },
    );
    const { scheduler } = this.#world;
    for (let waited = 0; !isDone && waited < ms; waited += 10) await scheduler.advance(10);
    if (isDone) await done;
  }

  /** Signs out first, as apps do. Until then, tokens are those of the previous user. */
  async #signIn(
    tab: Tab,
    user: User,
    { closedAfter, lagMs = 0 }: { closedAfter?: number | undefined; lagMs?: number | undefined } = {},
  ): Promise<void> {
    if (this.#user === user) return;
    const before = this.#user;
    if (closedAfter !== undefined) {
      this.#world.scheduler.after(closedAfter, () => this.#close(tab, true));
      void this.#sync(tab, 20_000); // The SDK notices it later.
    }
    await this.#signOut(tab, false);
    this.#user = user;
    // The connector can see that a token is the wrong one only if the token says whose it is.
    const isReadable = this.#setup.tokens !== 'opaque';
    if (isReadable) this.#lag = { user: before, until: this.#world.scheduler.now + lagMs };
    await this.#setOwner(this.#stillOpen(tab), user);
    if (lagMs === 0) await this.#checkCache(user);
  }

  async #signOut(tab: Tab, keepsToken: boolean): Promise<void> {
    const before = this.#user;
    const hadNone = this.#kept === null && this.#world.scheduler.now >= this.#lag.until;
    await this.#setOwner(tab, null, () => {
      this.#kept = keepsToken ? before : null;
      this.#hasOwner = true;
      this.#user = null;
    });
    if (!keepsToken && hadNone) await this.#checkCache(null);
  }

  /** P6: an app's own cache keeps only the token of the user who is signed in, however slow the cache is. */
  async #checkCache(user: User | null): Promise<void> {
    if (!this.#setup.hasCache) return;
    await this.#world.scheduler.advance(3_000);
    const kept = this.#cache.kept && userOf(this.#cache.kept);
    if (kept && kept !== user)
      this.#world.violations.add(`P6: the token of ${kept} is still in the cache while ${user} is signed in`);
  }

  /** If the tab is closed in the meantime, the app does it again in another tab. */
  async #setOwner(tab: Tab | undefined, user: User | null, then: () => void = () => {}): Promise<void> {
    const owner = user && ownerId(user, this.#setup.tokens);
    if (tab) await this.#during(tab.connector.setOwner(tab.handle, owner).then(then));
    const next = tab && this.#stillOpen(tab);
    if (next !== tab) await this.#setOwner(next, user, then);
  }

  #stillOpen(tab: Tab): Tab | undefined {
    return this.#tabs.includes(tab) ? tab : this.#tabs[0];
  }

  async #leave(tab: Tab, unsent: 'keep' | 'export' | 'discard'): Promise<void> {
    const exported = new Set<string>();
    const leaving = tab.connector.drainAndClear(tab.handle, {
      unsent,
      timeoutMs: 3_000,
      export: ({ queued, rejected }) => {
        for (const { entries } of queued) for (const each of entries) exported.add(markerOf(each));
        for (const { entries } of rejected)
          for (const each of JSON.parse(String(entries))) this.#rejected.add(markerOf(each));
      },
    });
    const before = { queued: this.#queued(), recorded: recordedMarkers(this.#file) };
    const written = this.#ledger.list.length;
    const then = leaving.then(({ cleared }) => {
      if (!cleared) return;
      const { violations, server } = this.#world;
      for (const marker of before.recorded) this.#rejected.add(marker);
      for (const marker of before.queued) {
        const each = this.#ledger.find(marker);
        // It was refused in the meantime, so it was in the list, which was cleared too.
        if (server.refused.has(marker)) this.#rejected.add(marker);
        if (each && (unsent === 'discard' || exported.has(marker))) each.mayBeLost = true;
      }
      if (this.#file.count() > 0 && this.#ledger.list.length === written)
        violations.add('drainAndClear() left something in the queue');
      this.#cleared = { before: written, keys: new Set(this.#file.rejected().map(({ key }) => key)) };
      this.#removedByOthers = this.#isAlone ? this.#removedByOthers : this.#file.removals;
    });
    await this.#during(then);
  }

  #queued(): Set<string> {
    return new Set(this.#file.read(1_000_000).map(markerOf));
  }

  #mayBeLost(which: (written: Written) => boolean): void {
    for (const marker of this.#queued()) {
      const written = this.#ledger.find(marker);
      if (written && which(written)) written.mayBeLost = true;
    }
  }

  #restore(): void {
    if (!this.#backup || this.#usedRealms >= this.#world.realms.length - 2) return;
    const { restore, written, user, hasOwner } = this.#backup;
    for (const tab of this.#everOpen) this.#kill(tab); // The app has to be closed for that.
    this.#tabs = [];
    for (const each of this.#ledger.list.slice(written)) each.mayBeLost = true;
    for (const marker of recordedMarkers(this.#file)) this.#rejected.add(marker);
    restore();
    const queued = this.#queued();
    // The mark of a request without an answer is undone too, and the request may still arrive.
    for (const each of this.#ledger.list) {
      each.wasForgotten ||= queued.has(each.marker) && this.#flights.has(each.marker);
    }
    const isDone = (marker: string): boolean => !queued.has(marker) && !this.#ledger.find(marker)?.mayBeLost;
    this.#order.restored(this.#world.scheduler.now, isDone);
    this.#cleared = { before: 0, keys: new Set() };
    this.#user = user;
    this.#hasOwner = hasOwner;
    this.#kept = null;
    this.#cache.kept = null;
    this.#open();
  }

  /** The app discards somebody else's queued writes. */
  async #discard(): Promise<void> {
    const [tab] = this.#tabs;
    const owner = this.#ledger.find(markerOf(this.#file.read(1)[0]))?.owner;
    if (!tab || owner === undefined) return;
    this.#mayBeLost((written) => written.owner === owner);
    await this.#during(tab.realm.discardQueued(tab.handle, owner));
  }

  async #releaseHeld(): Promise<void> {
    const [tab] = this.#tabs;
    if (!tab) return;
    for (const { key, state } of this.#file.rejected())
      if (state === 'held') await this.#during(tab.realm.releaseHeld(tab.handle, key));
  }

  /** Like `retryRejected()`: one transaction writes it again and removes it from the list. */
  #writeAgain(): void {
    const recorded = this.#file.rejected().find(({ state }) => state === 'rejected');
    const { violations } = this.#world;
    if (!recorded) return;
    const [entry] = JSON.parse(recorded.entries) as UploadEntry[];
    const written = this.#ledger.find(markerOf(entry));
    if (!written || this.#queued().has(written.marker)) return;
    if (this.#isAlone) checkRejected(recorded, this.#ledger, this.#world.server, violations);
    written.writtenAgain = true;
    this.#file.statement('DELETE FROM connector_rejected_writes WHERE key = ?').run(recorded.key);
    this.#write(written.size, written.bad);
  }

  /** All users sign in once more, and everything that can be uploaded is uploaded. */
  async comeToRest(): Promise<void> {
    const { scheduler } = this.#world;
    for (const tab of [...this.#tabs]) {
      tab.stopUploading?.abort();
      tab.handle.onExecuted = () => {};
    }
    const [first] = this.#tabs;
    if (first) this.#close(first, true); // so that no request is left running, at least here
    await scheduler.advance(3_600_000);
    for (let round = 0; round < 60 && this.#file.count() > 0; round++) {
      const [tab] = this.#tabs;
      if (!tab) return;
      await this.#releaseHeld();
      await this.#during(tab.connector.drain(tab.handle), 600_000);
      if (tab.connector.status.phase === 'owner-mismatch' || this.#user === null) {
        await this.#signIn(tab, USERS[round % USERS.length] as User);
        await this.#claim(tab);
      } else await scheduler.advance(round < 40 ? 150_000 : 3_600_000);
    }
    await scheduler.advance(2 * HANG_MS);
  }

  /** Gives the writes that were made while nobody was signed in to the user who is signed in. */
  async #claim(tab: Tab): Promise<void> {
    const owner = this.#user && ownerId(this.#user, this.#setup.tokens);
    if (!owner) return;
    await this.#during(tab.realm.claimQueued(tab.handle, { from: null }));
    for (const each of this.#ledger.list) if (each.owner === null) each.owner = owner;
  }

  judge(): void {
    const { server, violations } = this.#world;
    const isStuck = this.#file.count() > 0;
    if (isStuck) violations.add(`P8: ${this.#file.count()} entries of ${this.clientId} never left the queue`);
    checkRecordedOnce(this.#file, violations);
    for (const row of this.#file.rejected()) {
      if (this.#isAlone) checkRejected(row, this.#ledger, server, violations);
      const marker = markerOf((JSON.parse(row.entries) as UploadEntry[])[0]);
      const { place = 0 } = this.#ledger.find(marker) ?? {};
      if (place < this.#cleared.before && !this.#cleared.keys.has(row.key) && this.#isAlone)
        violations.add(`P6: ${marker} was recorded after drainAndClear() had cleared`);
    }
    const recorded = recordedMarkers(this.#file);
    for (const written of this.#ledger.list) {
      const { marker, size, bad, mayBeLost, writtenAgain } = written;
      const counts = Array.from({ length: size }, (_, n) => server.effects.get(`${marker}#${n}`) ?? 0);
      const most = Math.max(...counts);
      if (most > 1) violations.add(`P3: ${marker} took effect ${most} times`);
      if (bad && (counts[size - 1] ?? 0) > 0) violations.add(`P1: ${marker} was bad, but took effect`);
      const isKnown = recorded.has(marker) || this.#rejected.has(marker) || writtenAgain || mayBeLost;
      if (counts.includes(0) && !isKnown && !isStuck) violations.add(`P1: ${marker} is lost`);
    }
  }
}

const AT = {
  recording: /INSERT INTO connector_rejected_writes/,
  completing: /^complete$/,
  counting: /INTO connector_state/,
} as const;
