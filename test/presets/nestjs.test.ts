import { BackendConnector } from 'powersync-backend-connector';
import { nestjs } from 'powersync-backend-connector/presets';
import { listRejected } from 'powersync-backend-connector/rejections';
import { fakeClock, memoryDatabase } from 'powersync-backend-connector/testing';
import { expect, it, onTestFinished } from 'vitest';
import { startNestjs } from '../support/published-backends/nestjs.ts';
import type { Said } from '../support/published-backends/stand-in.ts';
import { outcomesOf, patch, put, remove, transactionOf, verdictOf, verdictsOf } from './support.ts';

const ID = '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d';
const OTHER = '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6e';

async function started() {
  const standIn = await startNestjs();
  const login = () => ({ email: 'ann@example.com', password: 'secret' });
  const uploads = () => standIn.requests.filter(({ path }) => path === '/powersync/upload');
  return { standIn, store: standIn.store, uploads, preset: nestjs({ url: standIn.url, login }) };
}

it.each(['a1', '', `${ID}0`, '3f2c9a10', 'g'.repeat(32)])(
  'nestjs() rejects the id %j before it is sent, with what is wrong, and holds up nothing',
  async (id) => {
    const { preset, uploads } = await started();
    const bad = transactionOf(put('Product', ID, { name: 'x' }), put('Product', id, { name: 'x' }));
    const [outcome] = await outcomesOf(preset, bad);
    expect(outcome).toMatchObject({
      status: 'rejected',
      error: { code: 'invalid', message: expect.stringContaining('UUID') },
    });
    expect(uploads()).toEqual([]);
    expect(await verdictOf(preset, remove('Product', id))).toBe('reject invalid');
  },
);

it('nestjs() takes a UUID as PostgreSQL does', async () => {
  const { preset, uploads } = await started();
  for (const id of [ID.toUpperCase(), ID.replaceAll('-', '')]) await verdictOf(preset, remove('Product', id));
  expect(uploads()).toHaveLength(2);
});

it.each([{ name: 'x\0' }, { name: 'x', description: '\0' }])(
  'nestjs() rejects NUL before it is sent: %j',
  async (columns) => {
    const { preset, uploads } = await started();
    expect(await verdictOf(preset, put('Product', ID, columns))).toBe('reject invalid');
    expect(uploads()).toEqual([]);
  },
);

it('nestjs(): a 500 speaks of the row if the profile can be read', async () => {
  const { preset, store } = await started();
  const [outcome] = await outcomesOf(preset, transactionOf(put('Product', ID, { name: 'x', price: -1 })));
  expect(outcome).toMatchObject({
    status: 'rejected',
    error: { code: 'unclassified', status: 500, budget: { attempts: 10, minMs: 600_000 } },
    inBand: false,
  });
  expect(store.rows('Product')).toEqual([]);
});

it.each([
  ['answers an error', { status: 500, body: { statusCode: 500, message: 'Internal server error' } }],
  ['breaks', { status: 0, dies: true }],
  ['refuses the token', { status: 401, body: { message: 'Unauthorized', statusCode: 401 } }],
] satisfies [string, Said][])('nestjs(): while the profile %s, everything waits', async (_, said) => {
  const { preset, standIn } = await started();
  standIn.answerInstead(said, 'reads');
  expect(await verdictOf(preset, put('Product', ID, { name: 'x', price: -1 }))).toBe('retry unavailable');
});

it.each([
  ['is refused', { status: 403, body: { message: 'Forbidden', statusCode: 403 } }],
  ['answers a page', { status: 200, type: 'text/html', body: '<h1>Welcome</h1>' }],
  ['has nothing of a user', { status: 200, body: {} }],
] satisfies [string, Said][])('nestjs(): if the profile %s, nothing is held up for ever', async (_, said) => {
  const { preset, standIn } = await started();
  standIn.answerInstead(said, 'reads');
  const [outcome] = await outcomesOf(preset, transactionOf(put('Product', ID, { name: 'x', price: -1 })));
  expect(outcome).toMatchObject({
    error: { code: 'unclassified', budget: { attempts: 10, minMs: 3_600_000 } },
  });
});

it('nestjs(): a refusal of what may be applied already isn’t recorded at once', async () => {
  const { preset, standIn, store } = await started();
  const clock = fakeClock();
  const db = memoryDatabase();
  const connector = new BackendConnector({
    endpoint: 'https://service.test',
    ...preset,
    clock,
    random: () => 0,
  });
  onTestFinished(() => connector.close());
  store.insert('Product', ID, { name: 'x', ownerId: 'u1' });
  await db.patch('Product', ID, { name: 'y' });
  standIn.loseReplies(1);
  await connector.uploadData(db).catch(() => {});
  expect(store.rows('Product')).toMatchObject([{ name: 'y' }]);
  store.remove('Product', ID); // by another device
  let tries = 0;
  for (; (await listRejected(db)).length === 0 && tries < 20; tries++) {
    clock.advance(20_000);
    await connector.uploadData(db).catch(() => {});
  }
  expect(tries).toBeGreaterThanOrEqual(5);
  expect(await listRejected(db)).toMatchObject([{ code: 'invalid', mayBeApplied: true }]);
});

it('nestjs(): a 500 that isn’t its own says nothing about the row', async () => {
  const { preset, standIn } = await started();
  standIn.answerInstead({ status: 500, type: 'text/html', body: '<h1>Error</h1>' });
  expect(await verdictOf(preset, put('Product', ID, { name: 'x' }))).toBe('retry unavailable');
});

it('nestjs(): a transaction above 100 kB is rejected as too large', async () => {
  const { preset, uploads } = await started();
  const row = put('Product', ID, { name: 'x', description: 'x'.repeat(150_000) });
  const next = transactionOf(put('Product', OTHER, { name: 'y' }));
  expect(await verdictsOf(preset, transactionOf(row), next)).toEqual(['reject too_large', 'not_attempted']);
  expect(uploads()).toHaveLength(1);
  const many = Array.from({ length: 2_000 }, (_, index) =>
    put('Product', ID.slice(0, -4) + String(1_000 + index), { name: 'x' }),
  );
  expect(await verdictOf(preset, ...many)).toBe('reject too_large');
});

it('nestjs() rejects an unknown table at once, as the backend gives no reason', async () => {
  const { preset } = await started();
  expect(await verdictOf(preset, put('Order', ID, { name: 'x' }))).toBe('reject invalid');
});

it('nestjs(), as its documentation says: rows of others can be overwritten, and aren’t deleted', async () => {
  const { preset, store } = await started();
  store.insert('Product', ID, { name: 'of Bob', ownerId: 'u2' });
  expect(await verdictOf(preset, remove('Product', ID))).toBe('applied');
  expect(store.rows('Product')).toEqual([{ id: ID, name: 'of Bob', ownerId: 'u2' }]);
  expect(await verdictOf(preset, patch('Product', ID, { name: 'x' }))).toBe('reject invalid');
  expect(await verdictOf(preset, put('Product', ID, { name: 'of Ann' }))).toBe('applied');
  expect(store.rows('Product')).toEqual([{ id: ID, name: 'of Ann', ownerId: 'u2' }]);
});

it('nestjs(), as its documentation says: a late repeat undoes what was written since', async () => {
  const { preset, standIn, store } = await started();
  const first = transactionOf(put('Product', ID, { name: 'of the morning' }));
  standIn.loseReplies(1);
  expect(await verdictsOf(preset, first)).toEqual(['retry network']);
  store.update('Product', ID, { name: 'of another device' });
  expect(await verdictsOf(preset, first)).toEqual(['applied']);
  expect(store.rows('Product')).toMatchObject([{ name: 'of the morning' }]);
});
