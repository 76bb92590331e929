import { createGraphQLError } from 'graphql-yoga';
import { graphql } from 'powersync-backend-connector/graphql';
import { describe, expect, it } from 'vitest';
import { context, everythingIn, failureOf, respond, startServer } from '../http/support.ts';
import { entry, startYoga, transactionOf, uploadServer } from './support.ts';

const TOKEN = 'header.SECRET-TOKEN.signature';
const ROW = 'SECRET-ROW';
const BODY = 'SECRET-WORDS-OF-THE-BACKEND';
const SECRETS = [TOKEN, ROW, BODY];

const transactions = [transactionOf(entry({ id: ROW, opData: { name: ROW } }))];
const given = context({ token: async () => TOKEN });

function expectNoSecrets(error: unknown): void {
  const everything = everythingIn(error);
  expect(SECRETS.filter((secret) => everything.includes(secret))).toEqual([]);
}

describe('P7: no token, row or body in what graphql() throws', () => {
  it.each<[string, number, string]>([
    ['a page', 200, `<p>${BODY} ${ROW}</p>`],
    ['cut JSON', 200, `{"data":{"uploadTransactions":[{"status":"${BODY}`],
    ['a malformed result', 200, `{"data":{"uploadTransactions":[{"status":"${BODY}"}]}}`],
    [
      'errors that quote',
      200,
      `{"errors":[{"message":"${BODY} ${ROW}","extensions":{"code":"${BODY} (${ROW})"}}]}`,
    ],
    ['a validation error', 400, `{"errors":[{"message":"got ${ROW}","locations":[{"line":1,"column":1}]}]}`],
    ['a server error', 500, `{"errors":[{"message":"${BODY} ${ROW}"}]}`],
    ['a refused token', 401, `{"errors":[{"message":"${TOKEN}"}]}`],
  ])('for %s', async (_, status, text) => {
    const server = await startServer((response) => respond(response, status, text));
    const both = [...transactions, ...transactions];
    expectNoSecrets(await failureOf(graphql({ url: server.url })({ transactions: both }, given)));
  });

  it('nor in the error of a rejected transaction: the words of the backend are kept apart from it', async () => {
    const { url } = await uploadServer(() => [
      createGraphQLError(BODY, { extensions: { code: 'CONFLICT', row: ROW } }),
    ]);
    const [outcome] = await graphql({ url })({ transactions }, given);
    if (outcome?.status !== 'rejected') throw new Error('It was not rejected');
    expectNoSecrets(outcome.error);
    expect(outcome.details).toEqual({ message: BODY, extensions: { code: 'CONFLICT', row: ROW } });
  });

  it('nor in the error of a rejected entry', async () => {
    const typeDefs = 'type Mutation { write(id: String!): Int }';
    const { url } = await startYoga({
      typeDefs,
      mutations: { write: ({ id }: { id: string }) => createGraphQLError(`${BODY} ${id}`) },
    });
    const write = {
      mutation: 'mutation ($id: String!) { write(id: $id) }',
      variables: ({ id }: { id: string }) => ({ id }),
    };
    const [outcome] = await graphql({ url, mutations: () => write })({ transactions }, given);
    if (outcome?.status !== 'rejected') throw new Error('It was not rejected');
    expectNoSecrets(outcome.error);
    expect(outcome.details).toMatchObject({ message: `${BODY} ${ROW}` });
  });
});
