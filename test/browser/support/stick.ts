import type { Page } from 'playwright-core';
import type { FaultyProxy } from '../../support/faulty-proxy.ts';
import { eventually, isUpload } from './world.ts';

/** When an upload gets stuck: its request doesn't reach the backend, or half of the answer is missing. */
export type Stuck = 'before the backend got it' | 'after the backend applied it';

export const STUCK: readonly Stuck[] = ['before the backend got it', 'after the backend applied it'];

/** Makes the next upload get stuck in mid-request, causes it, and returns the tab that it is stuck in. */
export async function stick(
  proxy: FaultyProxy,
  when: Stuck,
  tabs: readonly Page[],
  cause: () => Promise<void>,
): Promise<Page> {
  const before = proxy.requests.length;
  if (when === 'before the backend got it') proxy.hangNext(1, isUpload);
  else proxy.truncateNextReply('stalled', 1, isUpload);
  await cause();
  await eventually('an upload to get stuck', () => proxy.requests.slice(before).some(isUpload));
  const phases = await Promise.all(tabs.map((tab) => tab.evaluate(() => app.connector.status.phase)));
  const [stuck, ...others] = tabs.filter((_, index) => phases[index] === 'uploading');
  if (!stuck || others.length > 0) throw new Error(`One tab should be uploading: ${phases}`);
  return stuck;
}
