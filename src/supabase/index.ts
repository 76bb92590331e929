export type { PostgrestClientLike } from './client.ts';
export {
  type AuthClientLike,
  type SupabaseCredentialsOptions,
  supabaseCredentials,
} from './credentials.ts';
export { type EdgeFunctionOptions, edgeFunction, type FunctionsClientLike } from './edge-function.ts';
export { type PostgrestOptions, postgrest } from './postgrest.ts';
