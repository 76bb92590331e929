import { SignJWT } from 'jose';
import type { BackendConnectorOptions, Transport } from 'powersync-backend-connector';
import { claimQueued, discardQueued, exportQueued } from 'powersync-backend-connector/owners';
import { listRejected, notifyRejected, retryRejected } from 'powersync-backend-connector/rejections';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import {
  addTodos,
  applied,
  applyAll,
  deferred,
  descriptions,
  noAnswer,
  queued,
  testConnector,
} from '../support/connector.ts';

describe('P6: after setOwner(), a write is never sent with the token of another user', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
  });
  afterEach(() => closeClient(client));

  /** A connector whose `credentials` hand out a token of who is signed in, and a record of who sent what. */
  function world(options: Partial<BackendConnectorOptions> = {}) {
    const session: { user: string | null } = { user: null };
    const sent: [token: string | undefined, what: string[]][] = [];
    const transport: Transport = async (batch, { token }) => {
      sent.push([await token(), descriptions(batch)]);
      return batch.transactions.map(applied);
    };
    const { connector, events } = testConnector({
      credentials: async () => (session.user === null ? null : { token: `token-of-${session.user}` }),
      transport,
      ...options,
    });
    const signIn = async (user: string | null) => {
      session.user = user;
      await connector.setOwner(client.db, user);
    };
    return { connector, events, session, sent, signIn };
  }

  it("sends each user's writes with that user's token, in batches that don't cross the border", async () => {
    const { connector, sent, signIn } = world();
    await signIn('ada');
    await addTodos(client, 'a1', 'a2');
    await connector.drain(client.db);
    await signIn('bob');
    await addTodos(client, 'b1');
    await connector.drain(client.db);
    expect(sent).toEqual([
      ['token-of-ada', ['a1', 'a2']],
      ['token-of-bob', ['b1']],
    ]);
  });

  it('writes of another user wait, with those behind them, and go out when that user is back', async () => {
    const { connector, sent, signIn } = world();
    await signIn('ada');
    await addTodos(client, 'a1');
    await signIn('bob');
    await addTodos(client, 'b1');
    expect(await connector.drain(client.db)).toMatchObject({
      drained: false,
      remainingEntries: 2,
      error: { code: 'owner_mismatch' },
    });
    expect(connector.status.phase).toBe('owner-mismatch');
    expect(sent).toEqual([]);

    await signIn('ada');
    await connector.drain(client.db);
    await signIn('bob');
    await connector.drain(client.db);
    expect(sent).toEqual([
      ['token-of-ada', ['a1']],
      ['token-of-bob', ['b1']],
    ]);
    expect(connector.status.phase).toBe('idle');
  });

  it('nothing goes out between sign-out and sign-in, whatever token there is', async () => {
    const { connector, session, sent, signIn } = world();
    await signIn('ada');
    await addTodos(client, 'a1');
    await connector.setOwner(client.db, null);
    session.user = 'anonymous';
    expect(await connector.drain(client.db)).toMatchObject({ error: { code: 'owner_mismatch' } });
    expect(sent).toEqual([]);
  });

  it('what was written signed out is claimed only when asked', async () => {
    const { connector, sent, signIn } = world();
    await connector.setOwner(client.db, null);
    await addTodos(client, 'before the account');
    await signIn('ada');
    await addTodos(client, 'a1');
    expect(await connector.drain(client.db)).toMatchObject({ error: { code: 'owner_mismatch' } });
    await claimQueued(client.db, { from: null });
    expect(await connector.drain(client.db)).toMatchObject({ drained: true });
    expect(sent).toEqual([['token-of-ada', ['before the account', 'a1']]]);
  });

  it('claimQueued() refuses what makes no sense', async () => {
    const { signIn } = world();
    await expect(claimQueued(client.db, { from: 'ada' })).rejects.toThrow('nobody is signed in');
    await signIn('ada');
    await expect(claimQueued(client.db, { from: 'ada' })).rejects.toThrow('already');
  });

  it("exports and discards another user's writes, and only those at the head", async () => {
    const { connector, sent, signIn } = world();
    await signIn('ada');
    await addTodos(client, 'a1', 'a2');
    await signIn('bob');
    await addTodos(client, 'b1');
    const exported = await exportQueued(client.db);
    expect(exported.map(({ owner, entries }) => [owner, entries[0]?.opData?.description])).toEqual([
      ['ada', 'a1'],
      ['ada', 'a2'],
      ['bob', 'b1'],
    ]);
    expect(JSON.parse(JSON.stringify(exported))).toMatchObject([{ owner: 'ada' }, {}, {}]);
    expect(await discardQueued(client.db, 'zoe')).toBe(0);
    expect(await discardQueued(client.db, 'ada')).toBe(2);
    expect(await queued(client)).toEqual(['b1']);
    await connector.drain(client.db);
    expect(sent).toEqual([['token-of-bob', ['b1']]]);
  });

  it('writes from before the first setOwner() go out as ever', async () => {
    const { connector, sent, signIn } = world();
    await addTodos(client, 'old');
    await signIn('ada');
    await connector.drain(client.db);
    expect(sent).toEqual([['token-of-ada', ['old']]]);
  });

  it('a JWT of somebody else is not used, also when the auth changed before setOwner() was called', async () => {
    const jwt = (sub: string) =>
      new SignJWT({ sub })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(new Uint8Array(32));
    let user = 'adä 🛒';
    const { connector, sent } = world({ credentials: async () => ({ token: await jwt(user) }) });
    await connector.setOwner(client.db, user);
    await addTodos(client, 'a1');
    user = 'bob';
    expect(await connector.drain(client.db)).toMatchObject({ error: { code: 'owner_mismatch' } });
    expect(sent).toEqual([]);
    user = 'adä 🛒';
    expect(await connector.drain(client.db)).toMatchObject({ drained: true });
  });

  it('an upload in flight is aborted by setOwner(), and repeated under its key when its user is back', async () => {
    const started = deferred();
    const keys: string[] = [];
    let hang = true;
    const { connector, signIn } = world({
      transport: async (batch, context) => {
        await context.token();
        keys.push(...batch.transactions.map(({ key }) => key));
        started.resolve();
        return (hang ? noAnswer : applyAll)(batch, context);
      },
    });
    await signIn('ada');
    await addTodos(client, 'a1');
    const upload = connector.uploadData(client.db).catch((error) => error.code);
    await started.promise;
    await signIn('bob');
    expect(await upload).toBe('aborted');
    hang = false;
    await signIn('ada');
    await connector.drain(client.db);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it('a refresh on its way when the user changes is not used', async () => {
    const answers: ((token: string) => void)[] = [];
    const { connector } = testConnector({
      credentials: () => new Promise((resolve) => answers.push((token) => resolve({ token }))),
    });
    await connector.setOwner(client.db, 'ada');
    const late = connector.fetchCredentials().catch((error) => error.code);
    await expect.poll(() => answers.length).toBe(1);
    await connector.setOwner(client.db, 'bob');
    answers[0]?.('token-of-ada');
    expect(await late).toBe('unauthenticated');
    const fresh = connector.fetchCredentials();
    await expect.poll(() => answers.length).toBe(2);
    answers[1]?.('token-of-bob');
    expect(await fresh).toMatchObject({ token: 'token-of-bob' });
  });

  it('another tab that changed the user makes this one forget its token', async () => {
    const { connector, session, sent, signIn } = world();
    await signIn('ada');
    await addTodos(client, 'a1');
    await connector.drain(client.db);
    session.user = 'bob';
    await testConnector().connector.setOwner(client.db, 'bob'); // a connector of its own, as in another tab
    await addTodos(client, 'b1');
    await connector.drain(client.db);
    expect(sent.at(-1)).toEqual(['token-of-bob', ['b1']]);
  });

  const jwtOf = (sub: string) =>
    new SignJWT({ sub })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(new Uint8Array(32));

  it('what was written signed out does not go out with the JWT of who signs in next, before they are named', async () => {
    const { connector, sent } = world({ credentials: async () => ({ token: await jwtOf('bob') }) });
    await connector.setOwner(client.db, null);
    await addTodos(client, 'signed out');
    expect(await connector.drain(client.db)).toMatchObject({ error: { code: 'owner_mismatch' } });
    expect(sent).toEqual([]);
  });

  it('a tab that has only ever synced forgets its token, too, when another tab changes the user', async () => {
    const { connector, session, sent } = world();
    session.user = 'ada';
    await connector.fetchCredentials(); // sync only; the queue was always empty here
    session.user = 'bob';
    await testConnector().connector.setOwner(client.db, 'bob');
    await addTodos(client, 'b1');
    await connector.drain(client.db);
    expect(sent).toEqual([['token-of-bob', ['b1']]]);
  });

  it('a batch that waits for its token when another tab changes the user is not sent', async () => {
    const asked = deferred();
    const answer = deferred();
    const { connector, session, sent } = world({
      credentials: async () => {
        asked.resolve();
        await answer.promise;
        return { token: `token-of-${session.user}` };
      },
    });
    session.user = 'ada';
    await connector.setOwner(client.db, 'ada');
    await addTodos(client, 'a1');
    const draining = connector.drain(client.db);
    await asked.promise;
    session.user = 'bob';
    await testConnector().connector.setOwner(client.db, 'bob');
    answer.resolve();
    expect(await draining).toMatchObject({ error: { code: 'owner_mismatch' } });
    expect(sent).toEqual([]);
  });

  it('survives a restart, and updateSchema() and disconnectAndClear()', async () => {
    const { signIn } = world();
    await signIn('ada');
    await addTodos(client, 'lost');
    await client.db.disconnectAndClear();
    await addTodos(client, 'a1');
    await closeClient(client, { keepFiles: true });
    client = await openClient({ name: client.name, folder: client.folder });
    const other = world();
    await other.signIn('bob');
    expect(await other.connector.drain(client.db)).toMatchObject({ error: { code: 'owner_mismatch' } });
    expect(other.sent).toEqual([]);
  });

  it('rejected writes are shown to and sent by their owner only', async () => {
    const { UploadError } = await import('powersync-backend-connector');
    const { connector, signIn } = world({
      transport: async () => [{ status: 'rejected', error: new UploadError('invalid', 'no') }],
    });
    await signIn('ada');
    await addTodos(client, 'a1');
    await connector.drain(client.db);
    expect(await client.db.getAll('SELECT owner FROM connector_rejected_writes')).toEqual([{ owner: 'ada' }]);
    const [write] = await listRejected(client.db);
    await signIn('bob');
    expect(await listRejected(client.db)).toEqual([]);
    await expect(retryRejected(client.db, write?.key ?? '')).rejects.toMatchObject({
      code: 'owner_mismatch',
    });
    await notifyRejected(client.db, () => expect.unreachable());
    await signIn('ada');
    expect(await listRejected(client.db)).toMatchObject([{ notifiedAt: undefined }]);
  });

  it.each(['', 0, undefined, {}])('setOwner() refuses %j', async (owner) => {
    const { connector } = world();
    await expect(connector.setOwner(client.db, owner as string)).rejects.toThrow(TypeError);
  });

  it('naming the same owner again changes nothing, so the token stays', async () => {
    const { connector, events, signIn } = world();
    await signIn('ada');
    await connector.fetchCredentials();
    await signIn('ada');
    await connector.fetchCredentials();
    expect(events.filter(({ type }) => type === 'token')).toHaveLength(1);
  });
});
