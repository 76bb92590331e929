import { UploadError } from 'powersync-backend-connector';
import { expect, it } from 'vitest';
import { fakeClock, memoryDatabase, testJwt } from '../../../src/testing/index.ts';
import { applyAll, testConnector } from '../../support/connector.ts';

it('stands still until it is moved', () => {
  const clock = fakeClock(1_000);
  expect(clock()).toBe(1_000);
  clock.advance(500);
  expect(clock()).toBe(1_500);
  clock.advance(-1_000);
  expect(clock()).toBe(500);
  clock.set(7);
  expect(clock()).toBe(7);
});

it('starts at the present', () => {
  const before = Date.now();
  expect(fakeClock()()).toBeGreaterThanOrEqual(before);
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, '1' as never])('refuses the time %s', (value) => {
  expect(() => fakeClock(value)).toThrow(TypeError);
  expect(() => fakeClock(0).advance(value)).toThrow(TypeError);
  expect(() => fakeClock(0).set(value)).toThrow(TypeError);
});

it('opens the gate to the millisecond', async () => {
  const clock = fakeClock();
  let failures = 1;
  const { connector } = testConnector({
    clock,
    transport: async (batch, context) => {
      if (failures-- > 0) throw new UploadError('unavailable', 'Down.');
      return applyAll(batch, context);
    },
  });
  const db = memoryDatabase();
  await db.put('lists', 'a');
  await expect(connector.uploadData(db)).rejects.toThrow('unavailable');
  clock.advance(4_999);
  await expect(connector.uploadData(db)).rejects.toThrow('unavailable');
  clock.advance(1);
  await connector.uploadData(db);
  expect(await db.getCrudBatch()).toBeNull();
});

it('makes tokens run out', async () => {
  const clock = fakeClock();
  let asked = 0;
  const { connector } = testConnector({
    clock,
    credentials: async () => {
      asked++;
      return { token: testJwt({ sub: 'ada', issuedAtMs: clock(), expiresInMs: 300_000 }) };
    },
  });
  await connector.fetchCredentials();
  clock.advance(200_000);
  await connector.fetchCredentials();
  expect(asked).toBe(1);
  clock.advance(50_000);
  await connector.fetchCredentials();
  expect(asked).toBe(2);
});
