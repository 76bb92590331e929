import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { type Site, serveSite } from './support/site.ts';
import { eventually } from './support/world.ts';

describeInChromium("mocks in msw's service worker", () => {
  let browser: Browser;
  let site: Site;
  let page: Page;
  beforeAll(async () => {
    [browser, site] = await Promise.all([launchChromium(), serveSite('mocks.html')]);
    page = await browser.newPage();
    await page.goto(site.url);
    await page.waitForFunction(() => 'openMocked' in globalThis);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });
  beforeEach(() =>
    page.evaluate(() => {
      globalThis.mocked = openMocked();
    }),
  );

  const add = (...ids: string[]) => page.evaluate((all) => mocked.add(...all), ids);
  const drain = () => page.evaluate(() => mocked.drain());
  const seen = () => page.evaluate(() => mocked.seen());
  /** Everything arrived, and no prepared fault is left. */
  const done = { lists: ['a', 'b'], executions: 2, pending: [] };

  it('accepts writes', async () => {
    await add('a', 'b');
    expect(await drain()).toBe('drained');
    expect(await seen()).toEqual({ ...done, statuses: [200] });
  });

  it('rejectNext() refuses one write for good', async () => {
    await page.evaluate(() => mocked.api.rejectNext('UNIQUE_VIOLATION', { where: ({ id }) => id === 'b' }));
    await add('a', 'b', 'c');
    expect(await drain()).toBe('drained');
    expect(await seen()).toEqual({ ...done, lists: ['a', 'c'], statuses: [200, 200] });
    expect(await page.evaluate(() => mocked.connector.status.counters.rejected)).toBe(1);
  });

  it('retryNext() asks the client to send a write again', async () => {
    await page.evaluate(() => mocked.api.retryNext());
    await add('a', 'b');
    expect(await drain()).toBe('unavailable');
    expect(await seen()).toMatchObject({ lists: [], executions: 0 });
    expect(await drain()).toBe('drained');
    expect(await seen()).toEqual({ ...done, statuses: [200, 200] });
  });

  it('failNext() answers with a status, and the page can read Retry-After', async () => {
    await page.evaluate(() => mocked.api.failNext(503, { retryAfter: 7 }));
    await add('a', 'b');
    expect(await drain()).toBe('unavailable');
    expect(await page.evaluate(() => mocked.connector.status.lastError?.retryAfterMs)).toBe(7_000);
    expect(await seen()).toMatchObject({ lists: [], statuses: [503], pending: [] });
  });

  it('dropReply() applies the writes and loses the answer; nothing is applied twice', async () => {
    await page.evaluate(() => mocked.api.dropReply());
    await add('a', 'b');
    expect(await drain()).toBe('network');
    expect(await seen()).toMatchObject({ lists: ['a', 'b'] });
    expect(await drain()).toBe('drained');
    expect(await seen()).toEqual({ ...done, statuses: [undefined, 200] });
  });

  it('html() answers with a web page', async () => {
    await page.evaluate(() => mocked.api.html());
    await add('a', 'b');
    expect(await drain()).toBe('misconfigured');
    expect(await seen()).toMatchObject({ lists: [], pending: [] });
    expect(await drain()).toBe('drained');
    expect(await seen()).toEqual({ ...done, statuses: [200, 200] });
  });

  it.each(['truncate', 'wrongCount'] as const)(
    '%s() applies the writes and answers incompletely',
    async (fault) => {
      await page.evaluate((name) => mocked.api[name](), fault);
      await add('a', 'b');
      expect(await drain()).toBe('misconfigured');
      expect(await seen()).toMatchObject({ lists: ['a', 'b'] });
      expect(await drain()).toBe('drained');
      expect(await seen()).toEqual({ ...done, statuses: [200, 200] });
    },
  );

  it('delay() delays the answer', async () => {
    await page.evaluate(() => mocked.api.delay(300));
    await add('a', 'b');
    const start = Date.now();
    expect(await drain()).toBe('drained');
    expect(Date.now() - start).toBeGreaterThanOrEqual(300);
    expect(await seen()).toEqual({ ...done, statuses: [200] });
  });

  it('offline() lets nothing arrive until online()', async () => {
    await page.evaluate(() => mocked.api.offline());
    await add('a', 'b');
    expect(await drain()).toBe('network');
    expect(await seen()).toMatchObject({ lists: [], statuses: [] });
    await page.evaluate(() => mocked.api.online());
    expect(await drain()).toBe('drained');
    expect(await seen()).toEqual({ ...done, statuses: [200] });
  });

  it('freeze() holds requests until release()', async () => {
    await page.evaluate(() => mocked.api.freeze());
    await add('a', 'b');
    const drained = drain();
    await eventually('the request', async () => (await seen()).statuses.length === 1);
    expect(await seen()).toMatchObject({ lists: [], statuses: [undefined] });
    await page.evaluate(() => mocked.api.release());
    expect(await drained).toBe('drained');
    expect(await seen()).toEqual({ ...done, statuses: [200] });
  });

  it('expireToken() refuses the token until another one comes', async () => {
    await page.evaluate(() => mocked.api.expireToken());
    await add('a', 'b');
    expect(await drain()).toBe('drained');
    expect(await seen()).toEqual({ ...done, statuses: [401, 200] });
  });

  it('limitBytes() answers 413, and the page can read it', async () => {
    await page.evaluate(() => mocked.api.limitBytes(300));
    await add('a', 'b');
    expect(await drain()).toBe('drained');
    expect(await seen()).toEqual({ ...done, statuses: [413, 200, 200] });
  });

  it('limitBytes({ cors: false }): the page sees a network error, and halves of the batch get through', async () => {
    await page.evaluate(() => mocked.api.limitBytes(300, { cors: false }));
    await add('a', 'b');
    expect([await drain(), await drain(), await drain()]).toEqual(['network', 'network', 'drained']);
    expect(await seen()).toEqual({ ...done, statuses: [undefined, undefined, 200, 200] });
  });
});
