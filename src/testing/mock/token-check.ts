import { readJwtClaims } from '../../auth/jwt.ts';

/** Checks tokens. A token is refused if it has expired, by its own claims or by `expireToken()`. */
export function createTokenCheck(isNeeded: boolean, clock: () => number) {
  const seen = new Set<string>();
  const expired = new Set<string>();
  let isNextExpired = false;
  let isUnnoticed = false;

  return {
    /** Returns what is wrong with the `Authorization` header. Undefined if nothing is. */
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
    /** From now on, all tokens seen so far have expired. If there was none, the first one that comes has. */
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
