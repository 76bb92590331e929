import type { ConnectorCase } from './connector-case.ts';
import type { ConnectorSetup, ContractLogin } from './setup.ts';
import { check } from './world.ts';

function withLogin(
  name: string,
  run: (setup: ConnectorSetup, login: ContractLogin) => Promise<void>,
): ConnectorCase {
  return {
    name,
    needs: 'login',
    async run(make) {
      const setup = await make();
      check(setup.login !== undefined, 'this case needs "login" in the setup: see scriptedLogin().');
      await run(setup, setup.login);
    },
  };
}

/** Cases about `fetchCredentials()`. */
export const credentialsCases: readonly ConnectorCase[] = [
  withLogin('returns the token of the user who is signed in', async ({ connector }, login) => {
    login.token = 'a.token';
    const credentials = await connector.fetchCredentials();
    check(
      credentials?.token === 'a.token',
      'fetchCredentials() must return the token of the user who is signed in.',
    );
  }),

  withLogin(
    'asks for a token once when several calls need it at the same time',
    async ({ connector }, login) => {
      login.token = 'a.token';
      await Promise.all([
        connector.fetchCredentials(),
        connector.fetchCredentials(),
        connector.fetchCredentials(),
      ]);
      check(login.calls === 1, `it asked ${login.calls} times: share the request in progress.`);
    },
  ),

  withLogin('returns null when nobody is signed in', async ({ connector }, login) => {
    login.token = null;
    check(
      (await connector.fetchCredentials()) === null,
      'fetchCredentials() must return null then, and not throw.',
    );
  }),

  withLogin('returns null for an empty token, which the SDK would accept', async ({ connector }, login) => {
    login.token = '';
    check(
      (await connector.fetchCredentials()) === null,
      'fetchCredentials() must return null for an empty token.',
    );
  }),

  withLogin(
    'throws while it is not known who is signed in, and asks again later',
    async ({ connector }, login) => {
      login.token = new Error('offline');
      const failed = await connector.fetchCredentials().then(
        () => false,
        () => true,
      );
      check(failed, 'fetchCredentials() must throw then: null would mean that nobody is signed in.');
      login.token = 'a.token';
      const credentials = await connector.fetchCredentials();
      check(credentials?.token === 'a.token', 'fetchCredentials() must ask again after a failure.');
    },
  ),
];
