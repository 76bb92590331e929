import { createStore } from '../store.ts';

export interface User {
  /** The `sub` of the user's tokens, which the connector compares with `setOwner()`. */
  readonly id: string;
  readonly name: string;
}

export const USERS: readonly User[] = [
  { id: 'ada', name: 'Ada' },
  { id: 'bob', name: 'Bob' },
];

/** The key under which the signed-in user is stored. */
export const USER_KEY = 'web-todo.user';

/** Who is signed in. Undefined if nobody is. */
export const signedIn = createStore<User | undefined>(undefined);

/** Who was signed in when the page was last open. */
export function savedUser(): User | undefined {
  return USERS.find(({ id }) => id === localStorage.getItem(USER_KEY));
}

signedIn.subscribe(() => {
  const user = signedIn.get();
  if (user) localStorage.setItem(USER_KEY, user.id);
  else localStorage.removeItem(USER_KEY);
});

export function nameOf(id: string | null | undefined): string {
  return USERS.find((user) => user.id === id)?.name ?? 'Somebody';
}
