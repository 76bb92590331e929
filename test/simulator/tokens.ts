import type { TokenCache } from '../../src/auth/token-cache.ts';

/** How much a device's tokens tell of their user. */
export const TOKENS = ['opaque', 'sub', 'numeric sub'] as const;
export type TokenKind = (typeof TOKENS)[number];

export const USERS = ['ada', 'bob'] as const;
export type User = (typeof USERS)[number];

/** The id that the app gives to `setOwner()`. */
export function ownerId(user: User, kind: TokenKind): string {
  return kind === 'numeric sub' ? String(USERS.indexOf(user) + 1) : user;
}

export function makeToken(user: User, kind: TokenKind, count: number): string {
  const signature = `TOKEN-${user}-${count}`;
  if (kind === 'opaque') return signature;
  const sub = kind === 'sub' ? user : USERS.indexOf(user) + 1;
  return `${base64({ alg: 'none' })}.${base64({ sub })}.${signature}`;
}

/** Whose token it is, whatever it tells. */
export function userOf(token: string): User {
  return /TOKEN-([a-z]+)/.exec(token)?.[1] as User;
}

function base64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A cache of the app's own: each use takes a moment, and what is written last need not arrive last. */
export class SlowCache {
  kept: string | null = null;
  readonly wait: () => Promise<void>;

  constructor(wait: () => Promise<void>) {
    this.wait = wait;
  }
}

/** What one process sees of it: nothing more, once it is dead. */
export function cacheOf(cache: SlowCache, isDead: () => boolean): TokenCache {
  const use = async <T>(work: () => T): Promise<T> => {
    await cache.wait();
    return isDead() ? new Promise(() => {}) : work();
  };
  return {
    get: () => use(() => cache.kept),
    set: (token) =>
      use(() => {
        cache.kept = token;
      }),
  };
}
