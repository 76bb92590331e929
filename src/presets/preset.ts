import type { CredentialsProvider } from '../auth/token-cache.ts';
import { optionChecks } from '../check-options.ts';
import type { HttpOptions, KyLike, RequestHeaders } from '../http/http-client.ts';
import { checkHttpOptions } from '../http/http-options.ts';
import type { PlatformFetch } from '../transport/platform.ts';
import type { Transport } from '../transport/transport.ts';

/** Options for `BackendConnector`: spread a preset into them. */
export interface Preset {
  /** Sends writes in the form that the backend expects. */
  readonly transport: Transport;
  /** Gets tokens from the backend's token endpoint. Null if nobody is signed in; throws if a token can't be had now. */
  readonly credentials: CredentialsProvider;
}

/** Options of all presets. */
export interface PresetOptions {
  /** URL of the backend, without the paths of its routes: `'http://localhost:6060'`. */
  readonly url: string;
  /**
   * Further headers of all requests. In browsers, the backend's CORS set-up must allow them, which few do.
   *
   * @default no further headers
   */
  readonly headers?: RequestHeaders | undefined;
  /**
   * Whether writes carry the token (`'bearer'`) or not (`'none'`).
   *
   * @default what the published backend needs
   */
  readonly authorization?: 'bearer' | 'none' | undefined;
  /**
   * The function that makes requests. It is called with a `Request`.
   *
   * @default the platform's `fetch`
   */
  readonly fetch?: PlatformFetch | undefined;
  /**
   * Your own ky instance, for its hooks. Its retries and time-outs are switched off.
   *
   * @default ky itself
   */
  readonly ky?: KyLike | undefined;
}

/** Checks the options that all presets have. */
export function setUp(
  who: string,
  { url, headers, authorization = 'none', fetch, ky, ...others }: PresetOptions,
): { readonly url: string; readonly http: HttpOptions } {
  optionChecks(who).noOthers('', others);
  const http = { headers, authorization, fetch, ky };
  checkHttpOptions(who, { url, ...http });
  return { url, http };
}

/** Checks a boolean option. */
export function checkSwitch(who: string, name: string, value: unknown): void {
  if (typeof value !== 'boolean') optionChecks(who).wrong(name, 'true or false', value);
}
