import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../examples/backend/server.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { createWorld, eventually, isUpload, MODES, type World } from './support/world.ts';

describeInChromium('network', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world?.close());

  it.each(MODES)(
    '%s: writes wait while offline, and are sent as soon as the device is online',
    async (mode) => {
      const device = await world.device();
      const tab = await device.tab({ mode, retry: { baseMs: 160_000 } });
      await tab.evaluate(() => app.connect());
      await eventually('the stream', () => tab.evaluate(() => app.db.currentStatus.connected));
      await device.context.setOffline(true);
      await tab.evaluate(() => app.write('a', 'b'));
      await eventually('a failure', () => tab.evaluate(() => app.connector.status.phase === 'waiting'));
      expect(await tab.evaluate(() => app.connector.status.lastError?.code)).toBe('network');
      expect(await device.effects()).toEqual([]);
      await device.context.setOffline(false); // long before the back-off is over
      await device.untilUploaded(tab, 2);
      expect(await device.effects()).toEqual(['a', 'b']);
      expect(await tab.evaluate(() => app.events.map(({ type }) => type))).toContain('opened');
    },
  );

  describe("a captive portal's page with status 200", () => {
    it('does not count as an answer of the backend, if the page may read it', async () => {
      const device = await world.device();
      const tab = await device.tab({ mode: 'shared worker', url: '/api/data' }); // the page's own origin
      world.proxy.htmlNextReply(2, isUpload);
      await tab.evaluate(() => app.write('a', 'b'));
      await tab.evaluate(() => app.connect());
      await device.untilUploaded(tab, 2);
      expect(await device.effects()).toEqual(['a', 'b']);
      expect(await tab.evaluate(() => app.failures())).toEqual(['misconfigured', 'misconfigured']);
    });

    it('is a network error, if the page may not read it', async () => {
      const device = await world.device();
      const tab = await device.tab({ mode: 'shared worker' });
      world.proxy.htmlNextReply(2, isUpload);
      await tab.evaluate(() => app.write('a', 'b'));
      await tab.evaluate(() => app.connect());
      await device.untilUploaded(tab, 2);
      expect(await device.effects()).toEqual(['a', 'b']);
      expect(await tab.evaluate(() => app.failures())).toEqual(['network', 'network']);
    });
  });

  describe('CORS', () => {
    it('a backend that does not allow this page gets no requests, and the writes stay queued', async () => {
      const other = await startBackend({
        database: world.backend.database,
        corsOrigin: 'https://other.example',
      });
      try {
        const device = await world.device();
        const tab = await device.tab({ mode: 'shared worker', url: `${other.url}/api/data` });
        await tab.evaluate(() => app.write('a', 'b'));
        await tab.evaluate(() => app.connect());
        await eventually('tries', () => tab.evaluate(() => app.failures().length > 2));
        expect(new Set(await tab.evaluate(() => app.failures()))).toEqual(new Set(['network']));
        expect(await tab.evaluate(() => app.queued())).toBe(2);
        expect(other.executions()).toBe(0);
        await tab.reload(); // the server's configuration was put right
        await device.open(tab, { mode: 'shared worker' });
        await tab.evaluate(() => app.connect());
        await device.untilUploaded(tab, 2);
        expect(await device.effects()).toEqual(['a', 'b']);
      } finally {
        await other.close();
      }
    });

    it('a 413 without CORS headers looks like a network error, and halves of the batch get through', async () => {
      const device = await world.device();
      const tab = await device.tab({ mode: 'shared worker' });
      const before = world.proxy.requests.length;
      world.proxy.limitBytes(2_000);
      const names = Array.from({ length: 40 }, (_, index) => `list ${index}`);
      await tab.evaluate((all) => app.write(...all), names);
      await tab.evaluate(() => app.connect());
      await device.untilUploaded(tab, names.length);
      expect(await device.effects()).toEqual(names);
      expect(new Set(await tab.evaluate(() => app.failures()))).toEqual(new Set(['network']));
      const sent = world.proxy.requests.slice(before).filter(isUpload);
      expect(sent.filter(({ status }) => status === 413).length).toBeGreaterThan(1);
      expect(sent.filter(({ status }) => status === 200).length).toBeGreaterThan(1);
    });
  });

  it.each(MODES)('%s: an expired token is refreshed, and the batch is sent once more', async (mode) => {
    const device = await world.device();
    device.tokenLifetime = -120;
    const tab = await device.tab({ mode });
    await tab.evaluate(() => app.write('a', 'b'));
    await tab.evaluate(() => app.connector.fetchCredentials()); // as good as the one kept from yesterday
    device.tokenLifetime = 300;
    await tab.evaluate(() => app.connect());
    await device.untilUploaded(tab, 2);
    expect(await device.effects()).toEqual(['a', 'b']);
    expect(await tab.evaluate(() => app.failures())).toEqual([]);
    expect(device.tokensIssued).toBe(2);
    await eventually('the stream', () => tab.evaluate(() => app.db.currentStatus.connected));
  });
});
