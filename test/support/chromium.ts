import { existsSync } from 'node:fs';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';

const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'];

/** The path of Chromium, if it is installed. `CHROMIUM` can set another path. */
export const chromiumPath = places.find((path) => path !== undefined && existsSync(path));

/** Starts Chromium without a window. It makes no requests except those of the test's pages. */
export function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  if (!chromiumPath)
    throw new Error('There is no Chromium. Install it (Debian: chromium), or set its path in CHROMIUM');
  return chromium.launch({
    executablePath: chromiumPath,
    timeout: 120_000, // builds and databases may be starting at the same time
    ...options,
    args: [
      '--no-sandbox', // tests may run as root
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(options.args ?? []),
    ],
  });
}
