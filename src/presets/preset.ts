import type { CredentialsProvider } from '../auth/token-cache.ts';
import { optionChecks } from '../check-options.ts';
import type { HttpOptions, KyLike, RequestHeaders } from '../http/http-client.ts';
import { checkHttpOptions } from '../http/http-options.ts';
import type { PlatformFetch } from '../transport/platform.ts';
import type { Transport } from '../transport/transport.ts';

/** What a preset gives to `BackendConnector`: spread it into the options. */
export interface Preset {
  /** Sends writes in the backend's own form. */
  readonly transport: Transport;
  /** Gets tokens from the backend's own endpoint: null while nobody is signed in; throws what can't be known now. */
  readonly credentials: CredentialsProvider;
}

/** Options that all presets have. */
export interface PresetOptions {
  /** Where the backend is, without the paths of its routes: `'http://localhost:6060'`. */
  readonly url: string;
  /** Further headers of all requests. In browsers the backend's CORS set-up must allow them, which few do. */
  readonly headers?: RequestHeaders | undefined;
  /** Whether writes carry the token. Default: what the published backend asks for. */
  readonly authorization?: 'bearer' | 'none' | undefined;
  /** Used instead of the platform's `fetch`; gets a `Request`. */
  readonly fetch?: PlatformFetch | undefined;
  /** A ky instance of your own, for its hooks. Its retries and time-outs are switched off. */
  readonly ky?: KyLike | undefined;
}

/** Checks what all presets have in common. */
export function setUp(
  who: string,
  { url, headers, authorization = 'none', fetch, ky, ...others }: PresetOptions,
): { readonly url: string; readonly http: HttpOptions } {
  optionChecks(who).noOthers('', others);
  const http = { headers, authorization, fetch, ky };
  checkHttpOptions(who, { url, ...http });
  return { url, http };
}

/** Checks a switch among the options. */
export function checkSwitch(who: string, name: string, value: unknown): void {
  if (typeof value !== 'boolean') optionChecks(who).wrong(name, 'true or false', value);
}
