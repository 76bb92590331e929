import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { stick } from './support/stick.ts';
import { createWorld, type Device, eventually, isUpload, MODES, type World } from './support/world.ts';

describeInChromium('leaving with pending writes', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world?.close());

  const queued = (tab: Page) => tab.evaluate(() => app.queued());
  const names = (tab: Page) => tab.evaluate(() => app.names());

  describe.each(MODES)('%s', (mode) => {
    /** A tab, and another one whose upload got stuck once the backend had applied it; two writes are in the queue. */
    async function withStuckUpload(): Promise<{ device: Device; tab: Page; other: Page }> {
      const device = await world.device();
      const tabs = await device.connectedTabs(2, { mode, retry: { timeoutMs: 5_000 } }); // time enough to see it stuck
      const other = await stick(world.proxy, 'after the backend applied it', tabs, () =>
        (tabs[0] as Page).evaluate(() => app.write('a')),
      );
      world.proxy.hangNext(100, isUpload); // and no other upload arrives
      const tab = tabs.find((each) => each !== other) as Page;
      await tab.evaluate(() => app.write('b'));
      return { device, tab, other };
    }

    it('"upload": clears nothing offline; online, saves everything and then clears', async () => {
      const device = await world.device();
      const tab = await device.tab({ mode });
      await tab.evaluate(() => app.connect());
      await device.context.setOffline(true);
      await tab.evaluate(() => app.write('a', 'b'));
      const leave = (timeoutMs: number) =>
        tab.evaluate((ms) => app.leave({ unsent: 'keep', timeoutMs: ms }), timeoutMs);
      expect(await leave(3_000)).toMatchObject({ cleared: false, leftEntries: 2, code: 'network' });
      expect(await queued(tab)).toBe(2);
      await device.context.setOffline(false);
      expect(await leave(60_000)).toMatchObject({ cleared: true, leftEntries: 0 });
      expect(await queued(tab)).toBe(0);
      expect(await names(tab)).toEqual([]);
      expect(await device.effects()).toEqual(['a', 'b']);
    });

    it('"export": exports the writes that an upload in another tab has not finished', async () => {
      const { device, tab, other } = await withStuckUpload();
      const report = await tab.evaluate(() => app.leave({ unsent: 'export', timeoutMs: 500 }));
      expect(report).toMatchObject({ cleared: true, leftEntries: 2, exported: ['a', 'b'] });
      for (const each of [tab, other]) {
        expect(await queued(each)).toBe(0);
        expect(await names(each)).toEqual([]);
      }
      expect(await device.effects()).toEqual(['a']);
    });

    it('"discard": an upload in flight removes no write of the next user, and does not stop downloads', async () => {
      const { device, tab } = await withStuckUpload();
      const { cleared } = await tab.evaluate(() => app.leave({ unsent: 'discard', timeoutMs: 500 }));
      expect(cleared).toBe(true);
      expect(await names(tab)).toEqual([]);
      world.proxy.heal();
      await tab.evaluate(() => app.write('c'));
      await tab.evaluate(() => void app.connect());
      await device.untilUploaded(tab, 2);
      expect(await device.effects()).toEqual(['a', 'c']);
      await device.addOnServer('d');
      await eventually('the download', async () => (await names(tab)).includes('d'));
    });
  });
});
