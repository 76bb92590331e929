import type { IncomingHttpHeaders } from 'node:http';
import { createSchema, createYoga, type Plugin } from 'graphql-yoga';
import type { UploadEntry, UploadTransaction } from 'powersync-backend-connector';
import { onTestFinished } from 'vitest';
import { UPLOAD_SDL } from '../../examples/backend/graphql.ts';
import { startLocalServer } from '../support/service-stand-in/local-server.ts';

export interface SeenOperation {
  headers: IncomingHttpHeaders;
  body: { query: string; variables: Record<string, unknown> };
}

export interface YogaOptions {
  typeDefs?: string;
  mutations: Record<string, (variables: never) => unknown>;
  plugins?: Plugin[];
}

/** The contract's own schema, with another resolver. */
export function uploadServer(
  uploadTransactions: (upload: { transactions: { idempotency_key: string }[] }) => unknown,
  options: Partial<YogaOptions> = {},
) {
  return startYoga({ typeDefs: UPLOAD_SDL, mutations: { uploadTransactions }, ...options });
}

/** A real graphql-yoga server with its usual masking of errors, for one test. */
export async function startYoga({ typeDefs = UPLOAD_SDL, mutations, plugins = [] }: YogaOptions) {
  const operations: SeenOperation[] = [];
  const resolvers = Object.fromEntries(
    Object.entries(mutations).map(([name, resolve]) => [
      name,
      (_: unknown, variables: unknown) => resolve(variables as never),
    ]),
  );
  const yoga = createYoga({
    logging: false,
    schema: createSchema({
      typeDefs: ['type Query { version: Int }', typeDefs],
      resolvers: { Mutation: resolvers },
    }),
    plugins: [
      {
        onParams({ request, params }) {
          const headers = Object.fromEntries(request.headers);
          operations.push({ headers, body: params as SeenOperation['body'] });
        },
      },
      ...plugins,
    ],
  });
  const server = await startLocalServer(async (request, response) => {
    await yoga(request, response);
  });
  onTestFinished(() => server.close());
  return { url: `${server.url}/graphql`, operations };
}

// ---- queue entries ------------------------------------------------------------------------------------------------

let opIds = 0;

export function entry(members: Partial<UploadEntry> = {}): UploadEntry {
  return { clientId: ++opIds, op: 'PUT', table: 'lists', id: `row-${opIds}`, ...members };
}

export function transactionOf(...entries: UploadEntry[]): UploadTransaction {
  const [first, last] = [entries[0]?.clientId, entries[entries.length - 1]?.clientId];
  return { key: `client:${first}-${last}:0011223344556677`, transactionId: first, entries };
}

/** Transactions with one insert each, by the names of the lists. */
export function lists(prefix: string, ...names: (string | null)[]): UploadTransaction[] {
  return names.map((name, index) => transactionOf(entry({ id: `${prefix}/${index}`, opData: { name } })));
}
