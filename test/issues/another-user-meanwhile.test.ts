import { expect, it, onTestFinished } from 'vitest';
import { closeClient, openClient } from '../support/client.ts';
import { addTodos, descriptions, testConnector } from '../support/connector.ts';

// Found by the simulator: tokens were forgotten only when the owner was another one than last time. In a second tab that
// saw nothing of the change to Bob and back, Bob's token was still there, and went out with Ada's writes.
it("a token fetched while somebody else was signed in, in another tab, is not used for the first user's writes", async () => {
  const client = await openClient();
  onTestFinished(() => closeClient(client));
  const { db } = client;
  const session = { user: 'ada' };
  const sent: string[] = [];
  const credentials = async () => ({ token: `token-of-${session.user}` });
  const [signingIn, other] = [
    testConnector({ credentials }),
    testConnector({
      credentials,
      transport: async (batch, { token }) => {
        sent.push(`${await token()}: ${descriptions(batch)}`);
        return batch.transactions.map(() => ({ status: 'applied' }));
      },
    }),
  ];
  const signIn = async (user: string): Promise<void> => {
    await signingIn.connector.setOwner(db, null);
    session.user = user;
    await signingIn.connector.setOwner(db, user);
  };

  await signIn('ada');
  await addTodos(client, 'first');
  await other.connector.drain(db);
  await signIn('bob');
  other.connector.invalidateCredentials();
  await other.connector.fetchCredentials(); // the SDK's stream, in the other tab
  await signIn('ada');
  await addTodos(client, 'second');
  await other.connector.drain(db);
  expect(sent).toEqual(['token-of-ada: first', 'token-of-ada: second']);
});
