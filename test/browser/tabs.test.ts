import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mode } from './app/main.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { STUCK, type Stuck, stick } from './support/stick.ts';
import { createWorld, type Device, eventually, isUpload, MODES, type World } from './support/world.ts';

describeInChromium('tabs', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world?.close());

  /** Closes the tab in which an upload is stuck, after one more write in each; returns those that are left. */
  async function closeUploading(tabs: Page[], when: Stuck, name: string): Promise<Page[]> {
    const [writing] = tabs as [Page];
    const stuck = await stick(world.proxy, when, tabs, () =>
      writing.evaluate((first) => app.write(first), name),
    );
    for (const [index, tab] of tabs.entries())
      await tab.evaluate((next) => app.write(next), `${name}${index}`);
    await stuck.close();
    return tabs.filter((tab) => tab !== stuck);
  }

  describe.each(MODES)('%s', (mode) => {
    it('one tab uploads in order, and keeps downloading', async () => {
      const device = await world.device();
      const [tab] = (await device.connectedTabs(1, { mode })) as [Page];
      await tab.evaluate(() => app.write('a', 'b', 'c'));
      await device.untilUploaded(tab, 3);
      expect(await device.effects()).toEqual(['a', 'b', 'c']);
      await device.addOnServer('d');
      const names = () => tab.evaluate(() => app.names());
      await eventually('the download', async () => (await names()).includes('d'));
      expect(await names()).toEqual(['a', 'b', 'c', 'd']);
    });

    it.each(STUCK)('the uploading tab of two is closed %s, and the other takes over', async (when) => {
      const device = await world.device();
      const tabs = await device.connectedTabs(2, { mode });
      const [left] = (await closeUploading(tabs, when, 'a')) as [Page];
      await device.untilUploaded(left, 3);
      expect(await device.effects()).toEqual(['a', 'a0', 'a1']);
    });

    it('the uploading tab of three is closed twice, and the last one takes over', async () => {
      const device = await world.device();
      let tabs = await device.connectedTabs(3, { mode });
      tabs = await closeUploading(tabs, 'after the backend applied it', 'a');
      await device.untilUploaded(tabs[0] as Page, 4);
      tabs = await closeUploading(tabs, 'after the backend applied it', 'b');
      await device.untilUploaded(tabs[0] as Page, 7);
      expect(await device.effects()).toEqual(['a', 'a0', 'a1', 'a2', 'b', 'b0', 'b1']);
    });

    it.each(STUCK)('the tab is reloaded %s, and then uploads the queue', async (when) => {
      const device = await world.device();
      const [tab] = (await device.connectedTabs(1, { mode })) as [Page];
      await stick(world.proxy, when, [tab], () => tab.evaluate(() => app.write('a')));
      await tab.evaluate(() => app.write('b'));
      await tab.reload();
      await device.open(tab, { mode });
      await tab.evaluate(() => app.connect());
      await device.untilUploaded(tab, 2);
      expect(await device.effects()).toEqual(['a', 'b']);
    });
  });

  describe("the SDK's uploadError", () => {
    const error = {
      isUploadError: true,
      code: 'unavailable',
      message: '[unavailable] The backend answered with HTTP status 503.',
    };

    /** What the guards make of an answer with status 503, in each of so many tabs. */
    async function seen(mode: Mode, count: number) {
      const device = await world.device();
      const tabs = await device.connectedTabs(count, { mode });
      const headers = { 'access-control-allow-origin': '*' };
      world.proxy.failNext(503, { headers, times: 1_000, match: isUpload });
      await (tabs[0] as Page).evaluate(() => app.write('a'));
      // Not the first error that is there: for a moment it is the SDK's own, since the second tab made it reconnect.
      const read = async (tab: Page) => {
        const each = await tab.evaluate(() => app.uploadError());
        return each.isUploadError && each;
      };
      return Promise.all(tabs.map((tab) => eventually('the error', () => read(tab))));
    }

    it('shared worker: it loses its class, but every tab can read it', async () => {
      for (const each of await seen('shared worker', 2))
        expect(each).toEqual({ ...error, isInstance: false });
    });

    // One tab: of several, the SDK shows the status of the one that syncs, which need not be the one that uploads.
    it('direct: it is the error that was thrown', async () => {
      expect(await seen('direct', 1)).toEqual([{ ...error, isInstance: true }]);
    });
  });

  describe('without Web Locks', () => {
    /** Refuses the connector its lock. The SDK keeps its own: it doesn't open a database without. */
    const refuseLock = (context: BrowserContext) =>
      context.addInitScript(() => {
        const { request } = LockManager.prototype;
        Object.assign(LockManager.prototype, {
          request(name: string, ...others: unknown[]) {
            if (name.startsWith('powersync-backend-connector:'))
              return Promise.reject(new DOMException('Refused', 'SecurityError'));
            return Reflect.apply(request, this, [name, ...others]);
          },
        });
      });

    /** Two tabs with one queue; in the first, its upload is stuck once the backend has applied it. */
    async function withStuckFirst(device: Device): Promise<[first: Page, second: Page]> {
      const options = { mode: 'direct', retry: { timeoutMs: 150_000 } } as const;
      const tabs: [Page, Page] = [await device.tab(options), await device.tab(options)];
      await tabs[0].evaluate(() => app.write('a', 'b', 'c'));
      await stick(world.proxy, 'after the backend applied it', tabs, () =>
        tabs[0].evaluate(() => void app.connector.drain(app.db)),
      );
      return tabs;
    }
    const drain = async (tab: Page) => tab.evaluate(async () => (await app.connector.drain(app.db)).drained);

    it('two tabs upload the same writes at once, which take effect once', async () => {
      const device = await world.device();
      await refuseLock(device.context);
      const [first, second] = await withStuckFirst(device);
      expect(await drain(second)).toBe(true);
      expect(await first.evaluate(() => app.connector.status.phase)).toBe('uploading');
      expect(await device.effects()).toEqual(['a', 'b', 'c']);
    });

    it('with Web Locks, they upload one after the other', async () => {
      const device = await world.device();
      const [first, second] = await withStuckFirst(device);
      const drained = drain(second);
      expect(await Promise.race([drained, sleep(1_000, 'waiting')])).toBe('waiting');
      await first.evaluate(() => app.connector.close());
      expect(await drained).toBe(true);
      expect(await device.effects()).toEqual(['a', 'b', 'c']);
    });

    it.each(MODES)('%s: the uploading tab is closed, and the other takes over', async (mode) => {
      const device = await world.device();
      await refuseLock(device.context);
      const tabs = await device.connectedTabs(2, { mode });
      const [left] = (await closeUploading(tabs, 'after the backend applied it', 'a')) as [Page];
      await device.untilUploaded(left, 3);
      expect(await device.effects()).toEqual(['a', 'a0', 'a1']);
    });

    it.each(MODES)('%s: @powersync/web opens no database in a browser without Web Locks', async (mode) => {
      const device = await world.device();
      await device.context.addInitScript(() => {
        Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
      });
      await expect(device.tab({ mode })).rejects.toThrow('Navigator locks are not available');
    });
  });
});
