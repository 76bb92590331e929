import { expect, it, vi } from 'vitest';
import { ours } from './defect.ts';

// Backend up, PowerSync Service down: the SDK called uploadData() once in 12 s, and stopped.
const wait = { timeout: 30_000 };

it('keepUploading() uploads although no sync stream is there to call uploadData()', async () => {
  const { connector, db, api } = ours();
  const stop = new AbortController();
  connector.keepUploading(db, { signal: stop.signal });
  await db.put('todos', 'milk');
  await vi.waitFor(() => expect(Object.keys(api.tables.todos ?? {})).toEqual(['milk']), wait);
  await db.put('todos', 'bread');
  await vi.waitFor(() => expect(Object.keys(api.tables.todos ?? {})).toEqual(['milk', 'bread']), wait);
  stop.abort();
});
