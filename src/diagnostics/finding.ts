/** What one check found. */
export interface Finding {
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
  readonly ok: boolean;
  /** What was found and, where that is wrong, what to do. Holds no token. */
  readonly message: string;
}

export function found(check: Finding['check'], ok: boolean, message: string): Finding {
  return { check, ok, message };
}
