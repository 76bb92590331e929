// `POST /graphql`: the upload of `POST /api/data` as a mutation, with the same input, the same results and the same
// code.

import { createGraphQLError, createSchema, createYoga } from 'graphql-yoga';
import { type ApplyOptions, applyTransactions } from './apply-transactions.ts';
import type { TransactionResult } from './contract.ts';
import { InvalidUpload, readUpload } from './validate.ts';

/** Members have the names of the write contract, so a resolver passes them on as they are. */
export const UPLOAD_SDL = /* GraphQL */ `
  "Any JSON value. The types of the columns are those of the database."
  scalar JSON

  type Mutation {
    "Applies 1 to 50 transactions in order, each as a whole. One result for each, in the same order."
    uploadTransactions(transactions: [UploadedTransaction!]!): [TransactionResult]!
  }

  input UploadedTransaction {
    transaction_id: Int
    "The same for each retry of the transaction. Store it together with the writes, and apply each key once."
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
    "The row before the change, if the client's schema tracks it."
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
    "For retryable_error: the least time to wait before the next try."
    retry_after_ms: Int
    "For fatal_error, where it is never null: whether the app decides what happens to the transaction."
    requires_client_handling: Boolean
    "For fatal_error, where it is never null."
    failed_operation: FailedOperation
  }

  enum TransactionStatus {
    "Applied, now or by an earlier upload."
    success
    "It isn't known to be wrong, and is sent again."
    retryable_error
    "It will never be accepted."
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

/** GraphQL requires a query type. */
const QUERY_SDL = /* GraphQL */ `
  type Query {
    version: String!
  }
`;

/** Answers requests whose token was already checked. The user is that of the token, as everywhere. */
export function createGraphql(
  options: ApplyOptions,
): (request: Request, userId: string) => Promise<Response> {
  const yoga = createYoga<{ userId: string }>({
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    cors: false, // app.ts has set the headers.
    // If a resolver throws by accident, the client gets INTERNAL_SERVER_ERROR, which it retries, and the error is
    // logged here.
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
