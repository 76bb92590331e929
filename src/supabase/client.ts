import type { PlatformAbortSignal } from '../transport/platform.ts';
import type { ClientFetch } from './unredirected.ts';

/**
 * The part of a client that `postgrest()` uses: `SupabaseClient` of supabase-js, `PostgrestClient` of postgrest-js, or
 * what their `schema()` returns.
 */
export interface PostgrestClientLike {
  // biome-ignore lint/suspicious/noExplicitAny: the clients' own types depend on the app's schema.
  from(table: any): any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  rpc(name: any, args?: any): any;
}

// The types behind those `any`, as far as they are used.

export interface TableClient {
  from(table: string): {
    upsert(rows: object, options: CountOption): PostgrestRequest;
    update(columns: object, options: CountOption): PostgrestRequest;
    delete(options: CountOption): PostgrestRequest;
    select(columns: string, options: CountOption & { readonly head: true }): PostgrestRequest;
  };
}

export interface RpcClient {
  rpc(name: string, args: object): PostgrestRequest;
}

interface CountOption {
  readonly count: 'exact';
}

/** A request that is sent once it is awaited. */
export interface PostgrestRequest extends PromiseLike<PostgrestResult> {
  eq(column: string, value: string): PostgrestRequest;
  in(column: string, values: readonly string[]): PostgrestRequest;
  setHeader(name: string, value: string): PostgrestRequest;
  abortSignal(signal: PlatformAbortSignal): PostgrestRequest;
  /** Missing in older clients, which don't retry. */
  retry?(enabled: boolean): PostgrestRequest;
  /** The `fetch` of this one request. Internal to the clients, but all of them have it. */
  fetch?: ClientFetch;
}

/** Result of a request. The error is unchecked JSON. */
export interface PostgrestResult {
  /** HTTP status; 0 if there was no answer. */
  readonly status: number;
  readonly error: unknown;
  readonly data: unknown;
  readonly count: number | null;
}
