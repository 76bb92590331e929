export type { EntryMutation, EntryOutcome, Mutations, TableMutations } from './entry-mutation.ts';
export type { GraphqlError } from './error-code.ts';
export { type GraphqlOptions, graphql } from './graphql.ts';
export type { GraphqlAnswer } from './graphql-answer.ts';
export { UPLOAD_MUTATION } from './upload-mutation.ts';
