import { describe } from 'vitest';
import { chromiumPath } from '../../support/chromium.ts';

const isLeftOut = !chromiumPath;
const missing =
  'needs Chromium: apt-get install --no-install-recommends chromium, or name its file in CHROMIUM';
if (isLeftOut && process.env.CI) throw new Error(`The browser tests ${missing}`);

/** A `describe` that is left out, and says why, where there is no Chromium; except in CI, where it fails. */
export function describeInChromium(title: string, body: () => void): void {
  describe.skipIf(isLeftOut)(isLeftOut ? `${title} (left out: ${missing})` : title, body);
}
