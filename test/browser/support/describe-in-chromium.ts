import { describe } from 'vitest';
import { chromiumPath } from '../../support/chromium.ts';

const missing =
  'Chromium is missing: apt-get install --no-install-recommends chromium, or name its file in CHROMIUM';
if (!chromiumPath && process.env.CI) throw new Error(missing);

/** A `describe` that is left out, and says why, where there is no Chromium; in CI, where nothing may be, it fails. */
export function describeInChromium(title: string, body: () => void): void {
  if (chromiumPath) describe(title, body);
  else describe.skip(`${title} (left out: ${missing})`, body);
}
