import { expect } from 'vitest';
import { type Connector, defect, post, type Scene } from './defect.ts';

/** The usual self-host connector: up to 100 entries in one request, however large. */
const hundredAtOnce = ({ db, api }: Omit<Scene, 'connector' | 'upload'>): Partial<Connector> => ({
  async uploadData() {
    const batch = await db.getCrudBatch(100);
    if (!batch) return;
    if (!(await post(api, batch)).ok) throw new Error('upload failed');
    await batch.complete();
  },
});

for (const cors of [true, false])
  defect(
    `a 413 ${cors ? '' : 'without CORS headers, which looks like a dead network, '}blocks the queue for ever`,
    hundredAtOnce,
    /to have a length of 40 but got/,
    async ({ db, api, clock, connector }) => {
      api.limitBytes(5_000, { cors });
      for (let i = 0; i < 40; i++) await db.put('notes', `note-${i}`, { text: 'x'.repeat(1_000) });
      for (let tries = 0; tries < 40; tries++) {
        await connector.uploadData(db).catch(() => {});
        clock.advance(600_000);
      }
      expect(Object.keys(api.tables.notes ?? {})).toHaveLength(40);
    },
  );

// 16,273 blocked batches behind SQLSTATE 57014, the statement timeout of a backend.
defect(
  'a backend that times out on large requests is sent the same large request for ever',
  ({ db, api }) => ({
    async uploadData() {
      const batch = await db.getCrudBatch(100);
      if (!batch) return;
      if (batch.crud.length > 10) api.failNext(408);
      if (!(await post(api, batch)).ok) throw new Error('upload failed');
      await batch.complete();
    },
  }),
  /to have a length of 40 but got/,
  async ({ db, api, clock, connector }) => {
    for (let i = 0; i < 40; i++) await db.put('notes', `note-${i}`);
    for (let tries = 0; tries < 20; tries++) {
      if (tries < 3) api.failNext(408);
      await connector.uploadData(db).catch(() => {});
      clock.advance(600_000);
    }
    expect(Object.keys(api.tables.notes ?? {})).toHaveLength(40);
    const [first, second] = api.received.map(({ transactions }) => transactions.length);
    expect(second).toBeLessThan(first ?? 0);
  },
);
