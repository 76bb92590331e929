// The example app, as a newcomer uses it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { serveWebTodo, type WebTodo } from '../../examples/web-todo/serve.ts';
import { launchChromium } from '../support/chromium.ts';
import { lowContrast } from './contrast.ts';

const TOO_LONG = 'Read a book. '.repeat(20);

let app: WebTodo;
let browser: Browser;
let page: Page;
let folder: string;
const errors: Error[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'web-todo-'));
  [app, browser] = await Promise.all([serveWebTodo({ outDir: join(folder, 'dist') }), launchChromium()]);
});

afterAll(async () => {
  await browser?.close();
  await app?.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await app.backend.query('delete from lists'); // the to-dos go with them
  errors.length = 0;
  page = await openPage({ colorScheme: 'light' }); // on a device of its own
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(await page.locator('body').ariaSnapshot());
  await page.context().close();
  expect(errors).toEqual([]);
});

async function openPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 832 }, ...options });
  const opened = await context.newPage();
  opened.setDefaultTimeout(60_000);
  opened.on('pageerror', (error) => errors.push(error));
  await opened.goto(app.url);
  await opened.getByRole('heading', { name: 'Who is using this device?' }).waitFor(); // React renders after the page is loaded
  return opened;
}

async function signIn(name: string): Promise<void> {
  await page.getByRole('button', { name }).click();
  await page.getByRole('heading', { name: `${name}’s to-dos` }).waitFor();
}

async function add(text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'New to-do' }).fill(text);
  await page.getByRole('button', { name: 'Add' }).click();
}

function setNetwork(name: 'Online' | 'Slow' | 'Offline'): Promise<void> {
  return page.getByRole('radio', { name }).check();
}

/** Keeps uploads of to-dos on their way until they are released. The list of the first one may go out before it. */
async function holdUploads(): Promise<() => Promise<void>> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const uploads = '**/api/data';
  await page.route(uploads, async (route) => {
    if (route.request().postData()?.includes('"todos"')) await promise;
    await route.continue().catch(() => {}); // given up meanwhile
  });
  return async () => {
    resolve();
    await page.unroute(uploads);
  };
}

async function changeTo(name: string): Promise<void> {
  await page.getByRole('radio', { name }).check();
  await page.getByRole('heading', { name: `${name}’s to-dos` }).waitFor();
}

function row(text: string): Locator {
  return page.getByRole('listitem').filter({ has: page.getByRole('checkbox', { name: text }) });
}

async function seeState(text: string, state: 'Pending' | 'Uploading' | 'Saved' | 'Rejected'): Promise<void> {
  await row(text).getByText(state, { exact: true }).waitFor();
}

const rejectedChanges = () => page.getByRole('region', { name: 'Rejected changes' });
const inspector = () => page.getByRole('region', { name: 'Upload inspector' });
const told = () => page.getByRole('status');
const leaving = () => page.getByRole('dialog', { name: 'Sign out, Ada?' });

/** What the backend has, by owner. */
async function saved(owner = 'ada'): Promise<string[]> {
  const rows = await app.backend.query<{ description: string }>(
    'select description from todos where owner_id = $1 order by id',
    [owner],
  );
  return rows.map(({ description }) => description);
}

describe('a to-do', () => {
  test('is uploading, then saved', async () => {
    await signIn('Ada');
    const release = await holdUploads();
    await add('Buy milk');
    await seeState('Buy milk', 'Uploading');
    expect(await saved()).toEqual([]);
    await release();
    await seeState('Buy milk', 'Saved');
    expect(await saved()).toEqual(['Buy milk']);
    await page.getByText('Everything is saved').waitFor();
    await inspector().getByRole('row', { name: 'applied' }).first().waitFor();
  });

  test('is pending offline, and saved once the device is online', async () => {
    await signIn('Ada');
    await setNetwork('Offline');
    await add('Call grandma');
    await add('Water the plants');
    await seeState('Call grandma', 'Pending');
    await seeState('Water the plants', 'Pending');
    await inspector().getByText('Backing off').waitFor();
    await inspector().getByRole('row', { name: 'network' }).first().waitFor();
    await inspector()
      .getByText(/^Shut for/)
      .waitFor();
    expect(await saved()).toEqual([]);

    await page.reload(); // and the switch is online again
    await seeState('Call grandma', 'Saved');
    await seeState('Water the plants', 'Saved');
    expect(await saved()).toEqual(['Call grandma', 'Water the plants']);
  });

  test('can be ticked, changed and deleted', async () => {
    await signIn('Ada');
    await add('Buy milk');
    await row('Buy milk').getByRole('checkbox').click();
    await row('Buy milk').getByRole('button', { name: 'Edit Buy milk' }).click();
    await page.getByRole('textbox', { name: 'To-do', exact: true }).fill('Buy oat milk');
    await page.keyboard.press('Enter');
    await seeState('Buy oat milk', 'Saved');
    const rows = await app.backend.query('select description, completed from todos');
    expect(rows).toEqual([{ description: 'Buy oat milk', completed: 1 }]);

    await row('Buy oat milk').getByRole('button', { name: 'Delete Buy oat milk' }).click();
    await page.getByText('Nothing to do').waitFor();
    await expect.poll(() => saved()).toEqual([]);
  });
});

describe('a to-do that the backend refuses', () => {
  beforeEach(async () => {
    await signIn('Ada');
    await add(TOO_LONG);
    await seeState(TOO_LONG, 'Rejected');
  });

  test('is announced once', async () => {
    await told().getByText('A change was not saved').waitFor();
    await told().getByText('140 characters at most').waitFor();
    await told().getByRole('button', { name: 'Show rejected changes' }).click();
    await focused(page.getByRole('heading', { name: 'Rejected changes' }));
    await expect.poll(() => told().textContent()).toBe('');

    await page.reload();
    await rejectedChanges().getByText('140 characters at most').waitFor();
    await seeState(TOO_LONG, 'Rejected');
    expect(await told().textContent()).toBe('');
  });

  test('is saved once it is edited', async () => {
    await rejectedChanges().getByRole('button', { name: 'Edit' }).click();
    const field = rejectedChanges().getByRole('textbox', { name: 'Corrected text' });
    await focused(field);
    await field.fill('Read a book');
    await rejectedChanges().getByRole('button', { name: 'Save and retry' }).click();
    await seeState('Read a book', 'Saved');
    expect(await saved()).toEqual(['Read a book']);
    await rejectedChanges().getByText('None.').waitFor();
    await focused(page.getByRole('heading', { name: 'Rejected changes' }));
    await expect.poll(() => told().textContent()).toBe(''); // nothing is left to tell of
  });

  test('is refused again if it is unchanged, and disappears when it is discarded', async () => {
    const retry = rejectedChanges().getByRole('button', { name: 'Retry' });
    const before = await retry.elementHandle();
    await retry.click();
    await before?.waitForElementState('hidden', { timeout: 60_000 }); // what is discarded below is the second one
    await expect
      .poll(() => inspector().getByRole('row', { name: 'rejected' }).count(), { timeout: 60_000 })
      .toBe(2);
    await seeState(TOO_LONG, 'Rejected');
    await rejectedChanges().getByRole('button', { name: 'Discard' }).click();
    await rejectedChanges().getByText('None.').waitFor();
    await page.getByText('Nothing to do').waitFor();
    expect(await saved()).toEqual([]);
  });
});

describe('two users on one device', () => {
  test('each to-do is uploaded only for the user who wrote it', async () => {
    await signIn('Ada');
    await setNetwork('Offline');
    await add('Written by Ada');
    await seeState('Written by Ada', 'Pending');

    await changeTo('Bob');
    await setNetwork('Online');
    await add('Written by Bob');
    const banner = page.getByRole('region', { name: 'Changes of Ada' });
    await banner.waitFor();
    await inspector().getByText('Owner mismatch').waitFor();
    await seeState('Written by Bob', 'Pending');
    expect(await row('Written by Ada').count()).toBe(0);
    expect([await saved('ada'), await saved('bob')]).toEqual([[], []]);

    await banner.getByRole('button', { name: 'Sign in as Ada' }).click();
    await seeState('Written by Ada', 'Saved');
    await changeTo('Bob');
    await seeState('Written by Bob', 'Saved');
    expect([await saved('ada'), await saved('bob')]).toEqual([['Written by Ada'], ['Written by Bob']]);
  });

  test("one user can discard the other's changes", async () => {
    await signIn('Ada');
    await setNetwork('Offline');
    await add('Written by Ada');
    await changeTo('Bob');
    await setNetwork('Online');
    await add('Written by Bob');
    await page.getByRole('button', { name: 'Discard Ada’s changes' }).click();
    await seeState('Written by Bob', 'Saved');
    expect([await saved('ada'), await saved('bob')]).toEqual([[], ['Written by Bob']]);
  });
});

describe('signing out', () => {
  const signOut = () => page.getByRole('button', { name: 'Sign out' });
  const ada = (words: string) => page.getByRole('button', { name: `Ada ${words}` });

  test('clears the device if everything is saved', async () => {
    await signIn('Ada');
    await add('Buy milk');
    await seeState('Buy milk', 'Saved');
    await signOut().click();
    await ada('Nothing waiting here').waitFor();
  });

  test('asks if changes are pending, and can be cancelled', async () => {
    await signIn('Ada');
    await setNetwork('Offline');
    await add('Buy milk');
    await seeState('Buy milk', 'Pending');
    await signOut().click();
    await leaving()
      .getByText(/changes? of yours (is|are) not uploaded yet/)
      .waitFor();
    await focused(leaving().getByRole('button', { name: 'Upload, then sign out' }));
    await page.keyboard.press('Escape');
    await leaving().waitFor({ state: 'hidden' });
    await focused(signOut());
  });

  test('"upload" clears nothing offline; "keep" leaves the changes to their user', async () => {
    await signIn('Ada');
    await setNetwork('Offline');
    await add('Buy milk');
    await seeState('Buy milk', 'Pending');
    await signOut().click();
    await leaving().getByRole('button', { name: 'Upload, then sign out' }).click();
    await leaving().getByRole('alert').filter({ hasText: 'nothing is lost' }).waitFor();
    await leaving().getByRole('button', { name: 'Keep on this device' }).click();
    await ada('2 changes waiting on this device').waitFor();

    await page.reload();
    await ada('2 changes waiting on this device').click();
    await seeState('Buy milk', 'Saved');
    expect(await saved()).toEqual(['Buy milk']);
  });

  test('after many failures the gate stays closed for long, but opens at once when the network is back', async () => {
    await signIn('Ada');
    await setNetwork('Offline');
    await add('Buy milk');
    await seeState('Buy milk', 'Pending');
    await signOut().click();
    await leaving().getByRole('button', { name: 'Upload, then sign out' }).click();
    await leaving().getByRole('alert').filter({ hasText: 'nothing is lost' }).waitFor();
    await leaving().getByRole('button', { name: 'Stay signed in' }).click();
    await inspector().getByText('Backing off').waitFor();
    await setNetwork('Online');
    await seeState('Buy milk', 'Saved');
    await inspector().getByText('Open').waitFor();
  });

  test('"upload" waits for the upload in flight, then clears the device', async () => {
    await signIn('Ada');
    const release = await holdUploads();
    await add('Buy milk');
    await seeState('Buy milk', 'Uploading');
    await signOut().click();
    await leaving().getByRole('button', { name: 'Upload, then sign out' }).click();
    await leaving().getByRole('button', { name: 'Uploading …' }).waitFor();
    await release();
    await ada('Nothing waiting here').waitFor();
    expect(await saved()).toEqual(['Buy milk']);
  });

  test('"discard" loses the pending changes, as its text says', async () => {
    await signIn('Ada');
    await add('Saved before');
    await seeState('Saved before', 'Saved');
    await setNetwork('Offline');
    await add('Never saved');
    await seeState('Never saved', 'Pending');
    await signOut().click();
    await leaving().getByRole('button', { name: 'Discard and sign out' }).click();
    await ada('Nothing waiting here').click();
    await setNetwork('Online');
    await seeState('Saved before', 'Saved');
    expect(await row('Never saved').count()).toBe(0);
    expect(await saved()).toEqual(['Saved before']);
  });
});

describe('accessibility', () => {
  test('works with the keyboard alone', async () => {
    for (const name of ['Dark theme', 'Ada']) {
      await page.keyboard.press('Tab');
      await focused(page.getByRole('button', { name }));
    }
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Ada’s to-dos' }).waitFor();
    await page.getByRole('radio', { name: 'Online' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('radio', { name: 'Offline', checked: true }).waitFor();
    await page.getByRole('textbox', { name: 'New to-do' }).focus();
    await page.keyboard.type('Buy milk');
    await page.keyboard.press('Enter');
    await seeState('Buy milk', 'Pending');
    for (const name of ['Add', 'Try one that is too long']) {
      await page.keyboard.press('Tab');
      await focused(page.getByRole('button', { name }));
    }
    await page.keyboard.press('Tab');
    await focused(page.getByRole('checkbox', { name: 'Buy milk' }));
    await page.keyboard.press('Space');
    await page.getByRole('checkbox', { name: 'Buy milk', checked: true }).waitFor();
    await page.keyboard.press('Tab');
    await focused(page.getByRole('button', { name: 'Edit Buy milk' }));
    await page.keyboard.press('Enter');
    await focused(page.getByRole('textbox', { name: 'To-do', exact: true }));
    await page.keyboard.press('Escape');
    await focused(page.getByRole('button', { name: 'Edit Buy milk' }));
  });

  test('every control has a name, and every text has enough contrast, light and dark', async () => {
    expect(await lowContrast(page.locator('body'))).toEqual([]);
    await tellTheStory();
    for (const isDark of [false, true]) {
      if (isDark) await page.getByRole('button', { name: 'Dark theme' }).click();
      await page.getByRole('button', { name: 'Dark theme', pressed: isDark }).waitFor();
      await coloursFaded();
      expect(await lowContrast(page.locator('body'))).toEqual([]);
      expect(await nameless()).toEqual([]);
    }
    await page.getByRole('button', { name: 'Sign out' }).click();
    await leaving().waitFor();
    await coloursFaded();
    expect(await lowContrast(leaving())).toEqual([]);
    expect(await nameless()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.reload();
    await page.getByRole('button', { name: 'Dark theme', pressed: true }).waitFor();
  });

  test('fits narrow screens', async () => {
    await tellTheStory();
    await page.getByRole('button', { name: 'Sign out' }).click();
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 740 });
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      for (const part of [
        leaving(),
        told().getByText('A change was not saved'),
        rejectedChanges(),
        inspector(),
      ]) {
        const box = await part.boundingBox();
        expect(box && box.x >= 0 && box.x + box.width <= width).toBe(true);
      }
    }
  });
});

// SCREENSHOTS=1 vitest run test/browser/web-todo.test.ts -t "pictures"
test.runIf(process.env.SCREENSHOTS)('the pictures of the README', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await app.backend.query('delete from lists');
    await page.context().close();
    page = await openPage({ colorScheme });
    await tellTheStory();
    await page.screenshot({
      path: join(import.meta.dirname, `../../docs/images/web-todo-${colorScheme}.png`),
    });
  }
});

/** Leaves the app with something of everything on the screen. */
async function tellTheStory(): Promise<void> {
  await signIn('Ada');
  await add('Book the train to Utrecht');
  await add('Return the library books');
  await seeState('Return the library books', 'Saved');
  await row('Return the library books').getByRole('checkbox').click();
  await page.getByRole('checkbox', { name: 'Return the library books', checked: true }).waitFor();
  await seeState('Return the library books', 'Saved');
  await setNetwork('Offline');
  await add('Call grandma');
  await inspector().getByRole('cell', { name: '2', exact: true }).first().waitFor(); // the second try
  await setNetwork('Online');
  await seeState('Call grandma', 'Saved');
  await page.getByRole('button', { name: 'Try one that is too long' }).click();
  await page.keyboard.press('Enter');
  await told().getByText('A change was not saved').waitFor();
  await holdUploads();
  await add('Send the invoice');
  await seeState('Send the invoice', 'Uploading');
  await add('Buy oat milk');
  await seeState('Buy oat milk', 'Pending');
}

async function focused(element: Locator): Promise<void> {
  await expect
    .poll(() => element.evaluate((each) => each === document.activeElement), { timeout: 60_000 })
    .toBe(true);
}

/** Waits until no colour is on its way to another one any more. */
async function coloursFaded(): Promise<void> {
  const isFading = () => document.getAnimations().some((each) => each instanceof CSSTransition);
  await expect.poll(() => page.evaluate(isFading)).toBe(false);
}

/** Controls without a name for a screen reader. */
async function nameless(): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  const controls = ['button', 'checkbox', 'radio', 'textbox', 'link', 'dialog', 'region', 'image'];
  return nodes
    .filter(({ ignored, role }) => !ignored && controls.includes(String(role?.value)))
    .filter(({ name }) => !name?.value)
    .map(({ role }) => String(role?.value));
}
