import { existsSync } from 'node:fs';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';

const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'];

/** Where Chromium is, if it is anywhere. `CHROMIUM` names another place. */
export const chromiumPath = places.find((path) => path !== undefined && existsSync(path));

/** Chromium without a window and without calls to anybody but the pages of the test. */
export function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  if (!chromiumPath)
    throw new Error('no Chromium: install it (Debian: chromium), or name its file in CHROMIUM');
  return chromium.launch({
    executablePath: chromiumPath,
    timeout: 120_000, // among builds and databases that start, too
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
