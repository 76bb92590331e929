import { decodeJwt } from '../auth/jwt.ts';
import type { CredentialsProvider } from '../auth/token-cache.ts';
import { lifetimeProblem } from './claims.ts';
import { type Warn, warnOnce } from './warn-once.ts';

/**
 * Wraps `credentials` for development. Passes its result on unchanged, and warns once if the lifetime of the JWT is
 * below 60 seconds, above 24 hours or unknown (no `iat` or `exp`).
 *
 * @param warn Called with the warning. Default: `console.warn`.
 *
 * @example
 * ```ts
 * import { warnTokenLifetime } from 'powersync-backend-connector/diagnostics';
 *
 * declare function getToken(): Promise<string>;
 *
 * export const credentials = warnTokenLifetime(async () => ({ token: await getToken() }));
 * ```
 */
export function warnTokenLifetime(credentials: CredentialsProvider, warn?: Warn): CredentialsProvider {
  const once = warnOnce(warn);
  return async (context) => {
    const result = await credentials(context);
    const claims = decodeJwt(result?.token ?? '');
    const problem = claims && lifetimeProblem(claims);
    if (problem) once('lifetime', `the token of credentials() ${problem}`);
    return result;
  };
}
