import { expect, it, vi } from 'vitest';
import { ours } from './defect.ts';

// React Native has neither; ofetch and many connectors call them without asking.
vi.hoisted(() => Object.assign(AbortSignal, { any: undefined, timeout: undefined }));

it('uploads where AbortSignal has no any() and no timeout()', async () => {
  const { connector, db, api } = ours();
  await db.put('todos', 'milk');
  expect(await connector.drain(db)).toMatchObject({ drained: true });
  expect(Object.keys(api.tables.todos ?? {})).toEqual(['milk']);
});
