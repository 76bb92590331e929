import type { TokenCache } from '../../src/auth/kept-token.ts';

/** What a device's tokens say about their user. */
export const TOKENS = ['opaque', 'sub', 'numeric sub'] as const;
export type TokenKind = (typeof TOKENS)[number];

export const USERS = ['ada', 'bob'] as const;
export type User = (typeof USERS)[number];

/** The id that the app passes to `setOwner()`. */
export function ownerId(user: User, kind: TokenKind): string {
  return kind === 'numeric sub' ? String(USERS.indexOf(user) + 1) : user;
}

export function makeToken(user: User, kind: TokenKind, count: number): string {
  const signature = `TOKEN-${user}-${count}`;
  if (kind === 'opaque') return signature;
  const sub = kind === 'sub' ? user : USERS.indexOf(user) + 1;
  return `${base64({ alg: 'none' })}.${base64({ sub })}.${signature}`;
}

/** The user of a token, even if the token doesn't name them. */
export function userOf(token: string): User {
  return /TOKEN-([a-z]+)/.exec(token)?.[1] as User;
}

function base64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/**
 * An app's own cache. Each use takes a moment, and the last write of a page need not be the last to arrive. If a page
 * still has writes on their way when the next page is loaded, they arrive before those of the next page.
 */
export class SlowCache {
  kept: string | null = null;
  readonly #wait: () => Promise<void>;
  readonly #underWay = new Map<object, Promise<unknown>>();
  readonly #seenBy = new Map<object, TokenCache>();

  constructor(wait: () => Promise<void>) {
    this.#wait = wait;
  }

  /** The cache as one page sees it. Once the page is dead, its calls never end. */
  in(page: object, isDead: () => boolean): TokenCache {
    const seen = this.#seenBy.get(page) ?? {
      get: () => this.#use(page, isDead, () => this.kept),
      set: (token: string | null) =>
        this.#use(page, isDead, () => {
          this.kept = token;
        }),
    };
    this.#seenBy.set(page, seen);
    return seen;
  }

  async #use<T>(page: object, isDead: () => boolean, work: () => T): Promise<T> {
    const ofOthers = [...this.#underWay].filter(([other]) => other !== page).map(([, all]) => all);
    const turn = ofOthers.length > 0 ? Promise.all(ofOthers).then(this.#wait) : this.#wait();
    this.#underWay.set(page, Promise.all([this.#underWay.get(page), turn]));
    await turn;
    return isDead() ? new Promise(() => {}) : work();
  }
}
