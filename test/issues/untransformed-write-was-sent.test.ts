import { type Transform, UploadError } from 'powersync-backend-connector';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, applied, descriptions, recordingTransport, testConnector } from '../support/connector.ts';

// The transform that encrypts could not encrypt a write. Another one had been rejected just before, so this refusal was in
// doubt, and the write was tried once more: as it stood in the queue. The backend had it in plain text, and applied it; on the
// device it was listed as rejected.
describe('a write whose transform fails is never sent as it is', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
  });
  afterEach(() => closeClient(client));

  function failingFor(...secrets: string[]): { transform: Transform } {
    return {
      transform: (entries) => {
        if (entries.some(({ opData }) => secrets.includes(opData?.description)))
          throw new Error('It cannot be encrypted.');
        return entries;
      },
    };
  }

  async function rejected(): Promise<string[]> {
    const rows = await client.db.getAll<{ entries: string }>(
      'SELECT entries FROM connector_rejected_writes ORDER BY rowid',
    );
    return rows.map(({ entries }) => JSON.parse(entries)[0].opData.description);
  }

  it('where several fail one after another', async () => {
    await addTodos(client, 'one', 'two', 'three', 'four');
    const { transport, batches } = recordingTransport();
    const { connector } = testConnector({ transport, ...failingFor('one', 'two', 'three', 'four') });
    await connector.drain(client.db);
    expect(batches.flatMap(descriptions)).toEqual([]);
    expect(await rejected()).toEqual(['one', 'two', 'three']);
  });

  it('where the backend has refused another one just before', async () => {
    await addTodos(client, 'bad', 'secret', 'good');
    const { transport, batches } = recordingTransport(async (batch) => {
      if (descriptions(batch).includes('bad')) throw new UploadError('invalid', 'Refused.');
      return batch.transactions.map(applied);
    });
    const { connector } = testConnector({ transport, ...failingFor('secret') });
    await connector.drain(client.db);
    expect(batches.flatMap(descriptions)).toEqual(['bad', 'good']);
    expect(await rejected()).toEqual(['bad', 'secret']);
  });
});
