import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/client.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { MODES } from './support/modes.ts';
import { stick } from './support/stick.ts';
import { createWorld, type Device, type World } from './support/world.ts';

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
      const tabs: Page[] = [];
      for (let i = 0; i < 2; i++) tabs.push(await device.tab({ mode, retry: { timeoutMs: 2_000 } }));
      for (const each of tabs) await each.evaluate(() => app.connect());
      const other = await stick(world.proxy, 'after the backend applied it', tabs, () =>
        (tabs[0] as Page).evaluate(() => app.write('a')),
      );
      const tab = tabs.find((each) => each !== other) as Page;
      await tab.evaluate(() => app.write('b'));
      return { device, tab, other };
    }

    it('"upload": offline nothing is cleared; online all is saved, then cleared', async () => {
      const device = await world.device();
      const tab = await device.tab({ mode });
      await tab.evaluate(() => app.connect());
      await device.context.setOffline(true);
      await tab.evaluate(() => app.write('a', 'b'));
      const leave = () => tab.evaluate(() => app.leave({ pending: 'upload', timeoutMs: 1_000 }));
      expect(await leave()).toMatchObject({ cleared: false, left: 2, code: 'network' });
      expect(await queued(tab)).toBe(2);
      await device.context.setOffline(false);
      expect(await leave()).toMatchObject({ cleared: true, left: 0 });
      expect(await queued(tab)).toBe(0);
      expect(await names(tab)).toEqual([]);
      expect(await device.effects()).toEqual(['a', 'b']);
    });

    it('"export": hands out what an upload in another tab has not finished', async () => {
      const { device, tab, other } = await withStuckUpload();
      await device.context.setOffline(true);
      const report = await tab.evaluate(() => app.leave({ pending: 'export', timeoutMs: 500 }));
      expect(report).toMatchObject({ cleared: true, left: 2, exported: ['a', 'b'] });
      for (const each of [tab, other]) {
        expect(await queued(each)).toBe(0);
        expect(await names(each)).toEqual([]);
      }
      expect(await device.effects()).toEqual(['a']);
    });

    it('"discard": an upload in flight takes nothing of the next user with it, downloads neither', async () => {
      const { device, tab } = await withStuckUpload();
      const { cleared } = await tab.evaluate(() => app.leave({ pending: 'discard', timeoutMs: 500 }));
      expect(cleared).toBe(true);
      expect(await names(tab)).toEqual([]);
      await tab.evaluate(() => app.write('c'));
      await tab.evaluate(() => app.connect());
      await waitFor(async () => (await device.effects()).includes('c'), { what: 'c', timeoutMs: 60_000 });
      expect(['a,c', 'a,b,c']).toContain(String(await device.effects())); // b may have gone out before
      const row = "insert into lists (id, name, owner_id) values ('d-' || $1, 'd', $1)";
      await world.backend.query(row, [device.user]);
      await waitFor(async () => (await names(tab)).includes('d'), {
        what: 'the download',
        timeoutMs: 60_000,
      });
    });
  });
});
