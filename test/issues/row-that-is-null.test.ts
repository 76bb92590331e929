import { rowEndpoints } from 'powersync-backend-connector/http';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { expect, it } from 'vitest';
import { testConnector } from '../support/connector.ts';

// `res.json(await Todo.findByIdAndUpdate(…))` answers 200 and null where there is no such row. The change counted as applied, and
// was nowhere: neither at the backend nor among the rejected writes. An empty list says as much.
it.each(['null', '[]'])('a PATCH that is answered with %s is not taken for applied', async (body) => {
  const db = memoryDatabase();
  await db.put('todos', 'a', { description: 'first' });
  await testConnector().connector.drain(db);
  await db.patch('todos', 'a', { description: 'second' });
  const { connector } = testConnector({
    transport: rowEndpoints({
      url: 'https://api.test',
      fetch: async () => new Response(body, { headers: { 'content-type': 'application/json' } }),
    }),
  });
  expect(await connector.drain(db)).toMatchObject({ applied: 0 });
});
