// `POST /graphql`: the upload of `POST /api/data` as a mutation. Same input, same results, same code behind both.

import { createGraphQLError, createSchema, createYoga } from 'graphql-yoga';
import { type ApplyOptions, applyTransactions } from './apply-transactions.ts';
import type { TransactionResult } from './contract.ts';
import { InvalidUpload, readUpload } from './validate.ts';

/** Members have the names of the write contract: then a resolver hands them on as they are. */
export const UPLOAD_SDL = /* GraphQL */ `
  "Any JSON value. Columns are not typed here: that is what the database is for."
  scalar JSON

  type Mutation {
    "Applies 1 to 50 transactions in order, each as a whole. One result for each, in the same order."
    uploadTransactions(transactions: [UploadedTransaction!]!): [TransactionResult]!
  }

  input UploadedTransaction {
    transaction_id: Int
    "Equal on every retry of the same transaction: store it together with the writes, and apply each key once."
    idempotency_key: String
    crud: [UploadedEntry!]!
  }

  input UploadedEntry {
    id: String!
    op: Operation!
    table: String!
    transaction_id: Int
    "The columns that were written. A DELETE has none."
    op_data: JSON
    "The row before the change, when the client's schema tracks it."
    previous_values: JSON
    metadata: String
  }

  enum Operation {
    PUT
    PATCH
    DELETE
  }

  type TransactionResult {
    status: TransactionStatus!
    message: String
    "For retryable_error: when to try again at the earliest."
    retry_after_ms: Int
    "For fatal_error, and never null there: whether the app decides what becomes of the transaction."
    requires_client_handling: Boolean
    "For fatal_error, and never null there."
    failed_operation: FailedOperation
  }

  enum TransactionStatus {
    "Applied, now or by an earlier upload."
    success
    "Nothing is known to be wrong with it: it is sent again."
    retryable_error
    "It will never be taken."
    fatal_error
    "It comes after one that failed."
    not_attempted
  }

  type FailedOperation {
    error_code: String!
    message: String
    details: JSON
    "Which entry failed, counted from 0."
    operation_index: Int
  }
`;

/** GraphQL asks for a query type. */
const QUERY_SDL = /* GraphQL */ `
  type Query {
    version: String!
  }
`;

/** Answers the requests of users who are signed in already: who they are comes from the token, as everywhere. */
export function createGraphql(
  options: ApplyOptions,
): (request: Request, userId: string) => Promise<Response> {
  const yoga = createYoga<{ userId: string }>({
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    cors: false, // app.ts has set the headers.
    // What a resolver throws by accident is masked as INTERNAL_SERVER_ERROR, which clients retry, and comes here.
    logging: { debug() {}, info() {}, warn() {}, error: options.log },
    schema: createSchema({
      typeDefs: [QUERY_SDL, UPLOAD_SDL],
      resolvers: {
        Query: { version: () => '1' },
        Mutation: {
          uploadTransactions: (_: unknown, upload: unknown, { userId }: { userId: string }) =>
            uploadTransactions(options, userId, upload),
        },
      },
    }),
  });
  return async (request, userId) => yoga.fetch(request, { userId });
}

async function uploadTransactions(
  options: ApplyOptions,
  userId: string,
  upload: unknown,
): Promise<TransactionResult[]> {
  try {
    return await applyTransactions(options, userId, readUpload(upload));
  } catch (error) {
    if (!(error instanceof InvalidUpload)) throw error;
    throw createGraphQLError(error.message, { extensions: { code: 'BAD_USER_INPUT' } });
  }
}
