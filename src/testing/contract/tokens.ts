import { check, describe } from './checks.ts';
import { contractCase, type TransportContractCase } from './contract-case.ts';

const REFUSED_TOKEN = 'a-token-that-is-refused';

/** Cases about the user's token. */
export const tokens: readonly TransportContractCase[] = [
  contractCase('a refused sign-in is thrown as unauthenticated', ['unauthenticated'], async (it) => {
    const transaction = it.transaction(it.put('a', { text: '1' }));
    await it.fault('unauthenticated');
    const sent = await it.send([transaction]);
    check(sent.thrown?.code === 'unauthenticated', `it must throw "unauthenticated", but ${describe(sent)}`);
    await it.expectRows({}, 'after a refused sign-in');
    await it.upload([transaction]);
    await it.expectRows({ a: { text: '1' } }, 'after signing in again');
  }),

  contractCase('each call asks for the current token', ['token'], async (it) => {
    let asked = 0;
    const asking = (token: typeof it.token) => async (): Promise<string | undefined> => {
      asked++;
      return token();
    };
    const ask = asking(it.token);
    for (const id of ['a', 'b']) {
      asked = 0;
      const sent = await it.send([it.transaction(it.put(id, { text: id }))], { token: ask });
      check(
        sent.outcomes[0]?.status === 'applied',
        `it must be applied with a good token, but ${describe(sent)}`,
      );
      check(asked > 0, 'a call did not ask for the token');
    }
    const refused = it.transaction(it.put('c', { text: 'c' }));
    const sent = await it.send([refused], { token: asking(async () => REFUSED_TOKEN) });
    check(
      sent.thrown?.code === 'unauthenticated',
      `the current token is refused, so it must throw "unauthenticated", but ${describe(sent)}`,
    );
    await it.expectRows({ a: { text: 'a' }, b: { text: 'b' } }, 'after a refused token');
  }),

  contractCase('nothing is sent while nobody is signed in', ['token'], async (it) => {
    await it.apply(it.put('a', { text: '1' })); // so that the transport could have kept a token
    const before = it.harness.backend.requests();
    const sent = await it.send([it.transaction(it.put('b', { text: '2' }))], {
      token: async () => undefined,
    });
    check(
      sent.thrown?.code === 'unauthenticated',
      `nobody is signed in, so it must throw "unauthenticated", but ${describe(sent)}`,
    );
    const requests = it.harness.backend.requests() - before;
    check(requests === 0, `nobody is signed in, but ${requests} requests were sent`);
  }),
];
