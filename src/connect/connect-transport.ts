import type { PlatformAbortSignal } from '../transport/platform.ts';

/**
 * A transport of `@connectrpc/connect`, made by `createGrpcTransport()`, `createGrpcWebTransport()` or
 * `createConnectTransport()`. Only its unary calls are used.
 */
export interface ConnectTransport {
  /* biome-ignore-start lint/suspicious/noExplicitAny: Connect's types need its packages; these declarations must not. */
  unary(
    method: any,
    signal: PlatformAbortSignal | undefined,
    timeoutMs: number | undefined,
    header: any,
    input: any,
  ): Promise<ConnectResponse>;
  /* biome-ignore-end lint/suspicious/noExplicitAny: as above. */
}

/** The answer to a unary call. */
export interface ConnectResponse {
  readonly message: unknown;
  readonly header: { get(name: string): string | null };
}
