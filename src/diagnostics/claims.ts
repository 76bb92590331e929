/** The claims of a JWT that matter to the PowerSync Service; of any type, since nobody has checked them. */
export interface Claims {
  readonly sub?: unknown;
  readonly aud?: unknown;
  readonly iat?: unknown;
  readonly exp?: unknown;
}

/** What is wrong with the lifetime of a token, in words that go on from "the token"; undefined where nothing is. */
export function lifetimeProblem({ iat, exp }: Claims): string | undefined {
  if (typeof iat !== 'number' || typeof exp !== 'number') return 'needs both "iat" and "exp". Add them.';
  const seconds = exp - iat;
  if (seconds < 60) return `lives for ${seconds} s and is refreshed all the time. Let it live for 5 minutes.`;
  if (seconds > 86_400)
    return `lives for ${seconds} s; the PowerSync Service takes 24 hours (86400 s) at most.`;
  return undefined;
}
