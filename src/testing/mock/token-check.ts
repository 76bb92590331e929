import { readJwtClaims } from '../../auth/jwt.ts';

/** Which tokens the backend takes: any that isn't expired, by its own claims or because the test said so. */
export function createTokenCheck(isNeeded: boolean, clock: () => number) {
  const seen = new Set<string>();
  const expired = new Set<string>();
  let isNextExpired = false;
  let isUnnoticed = false;

  return {
    /** Says what is wrong with the `Authorization` of a request. */
    problemWith(authorization: string | undefined): string | undefined {
      if (!isNeeded) return undefined;
      const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
      if (token === undefined) return 'Missing bearer token';
      seen.add(token);
      if (isNextExpired) expired.add(token);
      isNextExpired = false;
      if (expired.has(token)) {
        isUnnoticed = false;
        return 'Token expired';
      }
      const { expiresAt } = readJwtClaims(token);
      return expiresAt !== undefined && expiresAt <= clock() ? 'Token expired' : undefined;
    },
    /** Every token that was seen is expired from now on; if none was, the first that comes. */
    expire() {
      for (const token of seen) expired.add(token);
      isNextExpired = seen.size === 0;
      isUnnoticed = true;
    },
    get isUnnoticed() {
      return isUnnoticed;
    },
    reset() {
      seen.clear();
      expired.clear();
      isNextExpired = false;
      isUnnoticed = false;
    },
  };
}
