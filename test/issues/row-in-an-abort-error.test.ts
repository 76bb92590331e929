import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, testConnector } from '../support/connector.ts';

// A transport used a library for its retries, which throws an `AbortError` to give up, with the words of the error behind it:
// those of `JSON.parse()`, that quoted the row. They were in the status, as if a platform had said them.
let client: TestClient;
beforeEach(async () => {
  client = await openClient();
  await addTodos(client, 'S3cret');
});
afterEach(() => closeClient(client));

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

async function thrownFor(cause: Error): Promise<string> {
  const { connector } = testConnector({
    transport: async () => {
      throw cause;
    },
  });
  const thrown = await connector.uploadData(client.db).catch((error) => error);
  return inspect([thrown, connector.status], { depth: 9, showHidden: true });
}

it.each(['AbortError', 'TimeoutError'])('the words of an %s of the app are withheld', async (name) => {
  expect(await thrownFor(named(name, `Unexpected token 'S', "S3cret" is not valid JSON`))).not.toContain(
    'S3cret',
  );
  expect(await thrownFor(named(name, 'Timed out saving S3cret'))).not.toContain('S3cret');
});

it.each([
  'This operation was aborted',
  'The operation was aborted due to timeout',
  'The user aborted a request.',
  'signal is aborted without reason',
  'Request timed out: POST https://api.test',
])('those of platforms are shown: %s', async (message) => {
  expect(await thrownFor(named('AbortError', message))).toContain(message);
});
