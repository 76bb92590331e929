import type { Browser, BrowserContext, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { openDatabase } from '../../../examples/backend/database.ts';
import { type Backend, startBackend } from '../../../examples/backend/server.ts';
import { launchChromium } from '../../support/chromium.ts';
import { waitFor } from '../../support/client.ts';
import { type FaultyProxy, startFaultyProxy } from '../../support/faulty-proxy.ts';
import { startServiceStandIn } from '../../support/service-stand-in.ts';
import type { Mode, OpenOptions } from '../app/main.ts';
import { type Site, serveSite } from './site.ts';

/** Everything the tests of one file happen in. */
export interface World {
  browser: Browser;
  backend: Backend;
  /** Between pages and the backend. */
  proxy: FaultyProxy;
  site: Site;
  /** A device of a user of its own; gone when the test ends. */
  device(): Promise<Device>;
  close(): Promise<void>;
}

/** A browser with storage of its own, in which tabs share an app's database. */
export interface Device {
  context: BrowserContext;
  /** How long tokens live that are issued from now on, in seconds. */
  tokenLifetime: number;
  tokensIssued: number;
  /** A tab with the app in it, not connected. */
  tab(options: TabOptions): Promise<Page>;
  /** Tabs that are connected, or will be once others are gone. */
  connectedTabs(count: number, options: TabOptions): Promise<Page[]>;
  /** Opens the app in a tab that was reloaded. */
  open(tab: Page, options: TabOptions): Promise<void>;
  /** Adds a list to what the user can download. */
  addOnServer(name: string): Promise<void>;
  /** What took effect in the backend's database: the names of the lists written, in order. */
  effects(): Promise<string[]>;
  /** Waits until so many writes have taken effect and the queue is empty. */
  untilUploaded(tab: Page, count: number): Promise<void>;
}

export type TabOptions = Pick<OpenOptions, 'mode'> & Partial<OpenOptions>;

export const MODES: readonly Mode[] = ['shared worker', 'direct'];

/** The uploads among the requests of a proxy. */
export const isUpload = ({ method }: { method: string }) => method === 'POST';

/** Waits for something, with the patience that a browser on a busy machine needs. */
export const eventually = <T>(what: string, probe: () => T | Promise<T>) =>
  waitFor(probe, { what, timeoutMs: 60_000 });

export async function createWorld(): Promise<World> {
  const database = await openDatabase();
  await database.exec(WRITE_LOG);
  const backend = await startBackend({ database });
  const proxy = await startFaultyProxy(backend.url);
  const service = await startServiceStandIn({ source: backend, keepaliveMs: 500 });
  const [site, browser] = await Promise.all([serveSite('index.html', proxy.url), launchChromium()]);
  let devices = 0;

  async function device(): Promise<Device> {
    const user = `user-${++devices}`;
    const context = await browser.newContext();
    context.setDefaultTimeout(60_000); // loading the page takes its time on a busy machine
    onTestFinished(async () => {
      await context.close();
      proxy.heal();
    });
    const own: Device = {
      context,
      tokenLifetime: 300,
      tokensIssued: 0,
      async tab(options) {
        const tab = await context.newPage();
        await tab.goto(site.url);
        await own.open(tab, options);
        return tab;
      },
      async connectedTabs(count, options) {
        const tabs: Page[] = [];
        for (let i = 0; i < count; i++) {
          const tab = await own.tab(options);
          // In direct mode, the others aren't connected while the first one is there.
          if (options.mode === 'direct' && i > 0) await tab.evaluate(() => void app.connect());
          else await tab.evaluate(() => app.connect());
          tabs.push(tab);
        }
        return tabs;
      },
      async open(tab, options) {
        const url = `${proxy.url}/api/data`;
        await tab.evaluate(
          async (complete) => {
            globalThis.app = openApp(complete);
            await app.db.waitForReady();
          },
          { user, endpoint: service.url, url, ...options },
        );
      },
      async addOnServer(name) {
        const sql = 'insert into lists (id, name, owner_id) values (gen_random_uuid(), $1, $2)';
        await backend.query(sql, [name, user]);
      },
      async effects() {
        const sql = 'select name from write_log where owner_id = $1 order by seq';
        return (await backend.query<{ name: string }>(sql, [user])).map(({ name }) => name);
      },
      async untilUploaded(tab, count) {
        await eventually(
          `${count} writes to take effect`,
          async () => (await own.effects()).length >= count && (await tab.evaluate(() => app.queued())) === 0,
        );
      },
    };
    await context.exposeFunction('issueToken', (name: string) => {
      own.tokensIssued++;
      return backend.issueToken(name, { expiresInSeconds: own.tokenLifetime });
    });
    return own;
  }

  return {
    browser,
    backend,
    proxy,
    site,
    device,
    async close() {
      await browser.close();
      for (const part of [site, service, proxy, backend, database]) await part.close();
    },
  };
}

/** One row for each row that a write touched, so that a second effect of the same write shows, even an equal one. */
const WRITE_LOG = `
  create table write_log (seq bigint generated always as identity, owner_id text, name text);
  create function log_write() returns trigger language plpgsql as $$
    begin
      insert into write_log (owner_id, name) values (new.owner_id, new.name);
      return null;
    end
  $$;
  create trigger log_write after insert or update on lists for each row execute function log_write();
`;
