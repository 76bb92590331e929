import type { Browser, BrowserContext, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { openDatabase } from '../../../examples/backend/database.ts';
import { type Backend, startBackend } from '../../../examples/backend/server.ts';
import { launchChromium } from '../../support/chromium.ts';
import { waitFor } from '../../support/client.ts';
import { type FaultyProxy, startFaultyProxy } from '../../support/faulty-proxy.ts';
import { type ServiceStandIn, startServiceStandIn } from '../../support/service-stand-in.ts';
import type { OpenOptions } from '../app/main.ts';
import { type Site, serveSite } from './site.ts';

/** Everything the tests of one file happen in. */
export interface World {
  browser: Browser;
  backend: Backend;
  /** Between pages and the backend. */
  proxy: FaultyProxy;
  service: ServiceStandIn;
  site: Site;
  /** A device of a user of its own; gone when the test ends. */
  device(): Promise<Device>;
  close(): Promise<void>;
}

/** A browser with storage of its own, in which tabs share an app's database. */
export interface Device {
  context: BrowserContext;
  user: string;
  /** How long tokens live that are issued from now on, in seconds. */
  tokenLifetime: number;
  tokensIssued: number;
  /** A tab with the app in it, open but not connected. */
  tab(options: Pick<OpenOptions, 'mode'> & Partial<OpenOptions>): Promise<Page>;
  /** Opens the app in a tab that was reloaded. */
  open(page: Page, options: Pick<OpenOptions, 'mode'> & Partial<OpenOptions>): Promise<void>;
  /** What took effect in the backend's database, one for each row written, in order. */
  effects(): Promise<string[]>;
  /** Waits until so many writes have taken effect and the queue is empty. */
  untilUploaded(page: Page, count: number): Promise<void>;
}

/** The uploads among the requests of a faulty proxy. */
export const isUpload = ({ method }: { method: string }) => method === 'POST';

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
    onTestFinished(async () => {
      await context.close();
      proxy.heal();
      service.restore();
    });
    const own: Device = {
      context,
      user,
      tokenLifetime: 300,
      tokensIssued: 0,
      async tab(options) {
        const page = await context.newPage();
        await page.goto(site.url);
        await own.open(page, options);
        return page;
      },
      async open(page, options) {
        await page.evaluate(
          async (complete) => {
            globalThis.app = openApp(complete);
            await app.db.waitForReady();
          },
          { user, endpoint: service.url, url: `${proxy.url}/api/data`, ...options },
        );
      },
      async effects() {
        const sql = 'select name from write_log where owner_id = $1 order by seq';
        return (await backend.query<{ name: string }>(sql, [user])).map(({ name }) => name);
      },
      async untilUploaded(page, count) {
        const isDone = async () =>
          (await own.effects()).length >= count && (await page.evaluate(() => app.queued())) === 0;
        await waitFor(isDone, { what: `${count} writes of ${user} to take effect`, timeoutMs: 60_000 });
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
    service,
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
