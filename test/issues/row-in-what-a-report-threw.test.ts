import { inspect } from 'node:util';
import { UploadError } from 'powersync-backend-connector';
import { alsoReport } from 'powersync-backend-connector/rejections';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { closeClient, openClient, type TestClient, waitFor } from '../support/client.ts';
import { addTodos, testConnector } from '../support/connector.ts';

// A report of `alsoReport()` was sent with axios, and failed. Its error has the request in it, with the row and the token; others
// keep it behind a symbol. All of it was on the console, and in the status.
let client: TestClient;
beforeEach(async () => {
  client = await openClient();
  await addTodos(client, 'S3cret');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await closeClient(client);
});

function brokenConnection(member: PropertyKey): Error {
  return Object.assign(new TypeError('fetch failed'), { [member]: { data: 'S3cret', token: 'T0ken' } });
}

it.each(['config', Symbol('request')])('nothing of it is on the console (%s)', async (member) => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { connector } = testConnector({
    transport: async () => {
      throw new UploadError('invalid', 'No.');
    },
    rejections: alsoReport(() => {
      throw brokenConnection(member);
    }),
  });
  await connector.drain(client.db);
  await waitFor(() => error.mock.calls.length > 0);
  expect(inspect(error.mock.calls, { depth: 9 })).toContain('fetch failed');
  expect(inspect(error.mock.calls, { depth: 9, showHidden: true })).not.toMatch(/S3cret|T0ken/);
});

it.each(['config', Symbol('request')])('nothing of it is in what is thrown (%s)', async (member) => {
  const { connector } = testConnector({
    transport: async () => {
      throw brokenConnection(member);
    },
  });
  const thrown = await connector.uploadData(client.db).catch((error) => error);
  expect(thrown).toMatchObject({ code: 'network', cause: { message: 'fetch failed' } });
  expect(inspect(thrown, { depth: 9, showHidden: true })).not.toMatch(/S3cret|T0ken/);
});
