import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGraphQLError, createSchema, createYoga } from 'graphql-yoga';
import { graphql, type Mutations } from 'powersync-backend-connector/graphql';
import { describe } from 'vitest';
import type { Backend } from '../../examples/backend/server.ts';
import { testHttpContract } from './http-harness.ts';

describe('graphql(), one mutation for a batch', () => {
  testHttpContract({ make: (url) => graphql({ url: `${url}/graphql` }), atomic: true, idempotent: true });
});

interface Write {
  readonly op: string;
  readonly id: string;
  readonly columns?: object;
  readonly key: string;
}

/** A real GraphQL server with one mutation for a change, over the store of the backend. */
async function serve(backend: Backend): Promise<{ url: string }> {
  const write = async (_: unknown, { op, id, columns, key }: Write, { request }: { request: Request }) => {
    const crud = [{ op, table: 'notes', id, ...(columns && { op_data: columns }) }];
    const answer = await backend.fetch(
      new Request(`${backend.url}/api/data`, {
        method: 'POST',
        headers: {
          authorization: request.headers.get('authorization') ?? '',
          'content-type': 'application/json',
        },
        body: JSON.stringify({ transactions: [{ idempotency_key: key, crud }] }),
      }),
    );
    if (answer.status === 401) throw failed('Sign in', 'UNAUTHENTICATED', 401);
    if (answer.status === 413) throw failed('Too large', 'PAYLOAD_TOO_LARGE', 413);
    if (answer.status !== 200) throw failed('Not taken', 'BAD_USER_INPUT');
    const { results } = (await answer.json()) as { results: { status: string; message?: string }[] };
    if (results[0]?.status === 'success') return 'done';
    throw failed(
      results[0]?.message ?? '',
      results[0]?.status === 'fatal_error' ? 'BAD_USER_INPUT' : 'UNAVAILABLE',
    );
  };
  const typeDefs = `
    scalar JSON
    type Query { version: Int }
    type Mutation { write(op: String!, id: String!, columns: JSON, key: String!): String }
  `;
  const yoga = createYoga({
    schema: createSchema({ typeDefs, resolvers: { Mutation: { write } } }),
    logging: false,
  });
  const server = createServer(yoga);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function failed(message: string, code: string, status?: number): Error {
  return createGraphQLError(message, { extensions: { code, ...(status && { http: { status } }) } });
}

const mutations: Mutations = () => ({
  mutation: `mutation ($op: String!, $id: String!, $columns: JSON, $key: String!) {
    write(op: $op, id: $id, columns: $columns, key: $key)
  }`,
  variables: ({ op, id, opData }, { key }) => ({ op, id, columns: opData, key }),
});

describe('graphql(), a mutation for each entry', () => {
  testHttpContract({
    serve,
    make: (url) => graphql({ url: `${url}/graphql`, mutations }),
    atomic: false,
    idempotent: true,
  });
});
