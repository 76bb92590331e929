/** The claims of a JWT that the PowerSync Service uses. Not verified, so they may have any type. */
export interface Claims {
  readonly sub?: unknown;
  readonly aud?: unknown;
  readonly iat?: unknown;
  readonly exp?: unknown;
}

/** What is wrong with the lifetime of a token, as the rest of a sentence after "the token"; undefined if nothing is. */
export function lifetimeProblem({ iat, exp }: Claims): string | undefined {
  if (typeof iat !== 'number' || typeof exp !== 'number') return 'needs both "iat" and "exp". Add them.';
  const seconds = exp - iat;
  if (seconds < 60) return `lives for ${seconds} s and is refreshed all the time. Let it live for 5 minutes.`;
  if (seconds > 86_400)
    return `lives for ${seconds} s; the PowerSync Service takes 24 hours (86400 s) at most.`;
  return undefined;
}
