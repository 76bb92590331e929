import { batchEndpoint } from 'powersync-backend-connector/http';
import { mockBatchEndpoint } from 'powersync-backend-connector/testing';
import { expect } from 'vitest';
import { defect } from './defect.ts';

const endpoint = () => mockBatchEndpoint({ url: 'https://api.test/api/batch', authorization: 'none' });
let backend = endpoint();

// The official Node demo answers 400 to the whole request, and its client tries the whole request again.
defect(
  'a batch with one bad row is sent whole again, for ever',
  ({ db }) => ({
    async uploadData() {
      const batch = await db.getCrudBatch(100);
      if (!batch) return;
      const body = JSON.stringify({
        batch: batch.crud.map(({ op, table, id, opData }) => ({ op, table, id, data: opData ?? {} })),
      });
      const response = await backend.fetch(backend.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      if (!response.ok) throw new Error('upload failed');
      await batch.complete();
    },
  }),
  /upload failed/,
  async ({ db, upload }) => {
    backend = endpoint();
    for (const id of ['a', 'b', 'bad', 'c', 'd']) await db.put('todos', id, { text: id });
    for (let i = 0; i < 10; i++)
      backend.rejectNext('23505', { status: 400, where: ({ id }) => id === 'bad' });
    await upload();
    expect(Object.keys(backend.tables.todos ?? {})).toEqual(['a', 'b', 'c', 'd']);
  },
  { transport: (...sent) => batchEndpoint({ url: backend.url, fetch: backend.fetch })(...sent) },
);
