import { ServiceError } from './service-error.ts';
import type { Source, TokenClaims } from './source.ts';

/** Checks an `Authorization` header. Throws the service's error if the token is missing, bad or expired. */
export async function authorize(header: string | undefined, source: Source): Promise<TokenClaims> {
  const token = /^(?:Token|Bearer) (\S+)$/.exec(header ?? '')?.[1];
  if (token === undefined) throw new ServiceError(401, 'PSYNC_S2106', 'Authentication required');
  try {
    return await source.verify(token);
  } catch (error) {
    throw new ServiceError(401, codeOf(error), error instanceof Error ? error.message : String(error));
  }
}

/** Translates the codes of jose. A source may also use the service's code itself. */
function codeOf(error: unknown): string {
  const { code, claim } = (error ?? {}) as { code?: unknown; claim?: unknown };
  if (typeof code === 'string' && /^PSYNC_S21\d\d$/.test(code)) return code;
  switch (code) {
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
    case 'ERR_JWKS_NO_MATCHING_KEY':
      return 'PSYNC_S2102';
    case 'ERR_JWT_EXPIRED':
      return 'PSYNC_S2103';
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return claim === 'aud' ? 'PSYNC_S2105' : 'PSYNC_S2101';
    default:
      return 'PSYNC_S2101';
  }
}
