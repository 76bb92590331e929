import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../support/client.ts';
import { readBody, startLocalServer } from '../support/service-stand-in/local-server.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { stopTracingTasks, TASKS } from './support/ui-tasks.ts';
import { createWorld, eventually, MODES, type World } from './support/world.ts';

const COUNT = 10_000;

/** From how many milliseconds on browsers call a task long. */
const LONG_MS = 50;

describeInChromium('the UI thread', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world?.close());

  it.each(MODES)(`%s: has no long task while ${COUNT} transactions drain`, async (mode) => {
    const { url, received } = await startCheapBackend();
    const device = await world.device();
    const tab = await device.tab({ mode, url });
    await tab.evaluate(fillQueue, COUNT);
    await world.browser.startTracing(tab, { categories: TASKS });
    await tab.evaluate(() => app.connect());
    await waitFor(() => received.length >= COUNT, { what: 'the uploads', timeoutMs: 120_000 });
    await eventually('the last completion', async () => (await tab.evaluate(() => app.queued())) === 0);
    await tab.evaluate(workFor, 1_000); // a long task, to see that one would be noticed, up to the end
    await tab.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
    const tasks = await stopTracingTasks(world.browser);

    expect(received).toEqual(Array.from({ length: COUNT }, (_, index) => `list ${index + 1}`));
    expect(tasks.length).toBeGreaterThan(COUNT / 50); // one for each request at least
    expect(tasks.filter((ms) => ms >= LONG_MS)).toHaveLength(1); // the test's own
  });

  /** Puts transactions of one entry into the queue, as the SDK does, but faster than it could write them one by one. */
  const fillQueue = async (count: number): Promise<void> => {
    await app.db.execute(
      `INSERT INTO ps_crud (tx_id, data)
       WITH RECURSIVE lists (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM lists WHERE i < ?)
       SELECT i, json_object('op', 'PUT', 'type', 'lists', 'id', uuid(), 'data', json_object('name', 'list ' || i))
       FROM lists`,
      [count],
    );
  };

  const workFor = (ms: number): void => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };

  /** Applies everything at once, so that it takes as little as possible of the machine that the page runs on. */
  async function startCheapBackend() {
    const received: string[] = [];
    const server = await startLocalServer(async (request, response) => {
      response.setHeader('access-control-allow-origin', '*');
      response.setHeader('access-control-allow-headers', 'authorization, content-type');
      const body = (await readBody(request)).toString();
      if (request.method === 'OPTIONS') return void response.end();
      const { transactions } = JSON.parse(body) as Body;
      for (const { crud } of transactions) received.push(...crud.map(({ op_data }) => op_data.name));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ results: transactions.map(() => ({ status: 'success' })) }));
    });
    onTestFinished(() => server.close());
    return { url: `${server.url}/api/data`, received };
  }
});

interface Body {
  transactions: { crud: { op_data: { name: string } }[] }[];
}
