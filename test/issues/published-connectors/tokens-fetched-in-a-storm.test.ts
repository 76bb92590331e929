import { testJwt, unsignedJwt } from 'powersync-backend-connector/testing';
import { describe, expect, it } from 'vitest';
import { ours } from './defect.ts';

/** An auth backend that counts, and the connectors by hand around it. */
function auth() {
  let calls = 0;
  const login = async () => {
    calls++;
    return testJwt({ sub: `call-${calls}` });
  };
  return { login, calls: () => calls };
}

describe('two callers, two fetches: the sync stream and an upload each ask the auth backend', () => {
  it('does not happen to BackendConnector', async () => {
    const { login, calls } = auth();
    const { connector, db } = ours({ credentials: async () => ({ token: await login() }) });
    await db.put('todos', 'milk');
    await Promise.all([connector.fetchCredentials(), connector.uploadData(db), connector.fetchCredentials()]);
    expect(calls()).toBe(1);
  });
});

describe('a 401 starts a loop: token, 401, token, 401 …', () => {
  it('is one refresh and one replay in BackendConnector, then a wait', async () => {
    const { login, calls } = auth();
    const { connector, db, api } = ours({ credentials: async () => ({ token: await login() }) });
    await db.put('todos', 'milk');
    for (let i = 0; i < 20; i++) api.failNext(401);
    for (let i = 0; i < 20; i++) await connector.uploadData(db).catch(() => {});
    expect(api.received).toHaveLength(2);
    expect(calls()).toBe(2);
    expect(connector.status.phase).toBe('needs-auth');
  });
});

describe('one token is cached for ever', () => {
  it('is asked for anew by BackendConnector when it is about to run out', async () => {
    const issued: string[] = [];
    const { connector, clock } = ours({
      credentials: async () => {
        issued.push(testJwt({ issuedAtMs: clock(), expiresInMs: 300_000 }));
        return { token: issued.at(-1) as string };
      },
    });
    const first = await connector.fetchCredentials();
    clock.advance(290_000);
    expect((await connector.fetchCredentials())?.token).not.toBe(first?.token);
    expect(issued).toHaveLength(2);
  });

  it('is dropped by BackendConnector when the service refuses it, although it should be good', async () => {
    const { login, calls } = auth();
    const { connector } = ours({ credentials: async () => ({ token: await login() }) });
    await connector.fetchCredentials();
    connector.invalidateCredentials();
    await connector.fetchCredentials();
    expect(calls()).toBe(2);
  });
});

describe('null on a network error reads as signed out, and a throw when signed out crashes', () => {
  it('BackendConnector tells them apart', async () => {
    let answer: () => Promise<{ token: string } | null> = async () => null;
    const { connector } = ours({ credentials: () => answer() });
    expect(await connector.fetchCredentials()).toBeNull(); // the Supabase demos throw here
    answer = () => Promise.reject(new TypeError('Failed to fetch'));
    await expect(connector.fetchCredentials()).rejects.toThrow('Failed to fetch');
    answer = async () => ({ token: unsignedJwt({ sub: 'ada' }) });
    expect(await connector.fetchCredentials()).toMatchObject({ token: expect.any(String) });
  });
});
