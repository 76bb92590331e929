import { decodeJwt } from '../auth/jwt.ts';
import type { CredentialsProvider } from '../auth/token-cache.ts';
import { lifetimeProblem } from './claims.ts';
import { type Warn, warnOnce } from './warn-once.ts';

/**
 * Wraps `credentials` for development: hands on what it gets, and warns once of a JWT that lives for less than 60
 * seconds or more than 24 hours, or doesn't say so.
 *
 * @param warn Takes the warning. Default: the console's.
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
