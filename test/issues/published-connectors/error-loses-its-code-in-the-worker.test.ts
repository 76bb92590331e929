import { UploadError } from 'powersync-backend-connector';
import { expect, it } from 'vitest';
import { ours } from './defect.ts';

// The shared worker of the web SDK passes on name, message and stack; class, code and status are lost.
it('what arrives through the worker still has its code', async () => {
  const { connector, db, api } = ours();
  await db.put('todos', 'milk');
  api.failNext(503);
  const error: Error = await connector.uploadData(db).then(
    () => expect.fail('must throw'),
    (thrown) => thrown,
  );
  const { name, message } = JSON.parse(JSON.stringify({ name: error.name, message: error.message }));
  const arrived = Object.assign(new Error(message), { name });
  expect(UploadError.from(arrived)).toMatchObject({ code: 'unavailable' });
});
