/** Result of one check. */
export interface Finding {
  /** Name of the check. */
  readonly check:
    | 'scope'
    | 'endpoint'
    | 'credentials'
    | 'token'
    | 'expiry'
    | 'lifetime'
    | 'subject'
    | 'audience'
    | 'url'
    | 'authentication';
  /** True if the check found nothing wrong. */
  readonly ok: boolean;
  /** What was found and, if it is wrong, what to do. Holds no token. */
  readonly message: string;
}

export function found(check: Finding['check'], ok: boolean, message: string): Finding {
  return { check, ok, message };
}
