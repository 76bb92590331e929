import { expect, it, vi } from 'vitest';
import type { TokenSource } from '../../../src/auth/token-cache.ts';
import { createSignedIn } from '../../../src/upload/signed-in.ts';

it('tokens from before a change of users are forgotten, once for each', () => {
  const forget = vi.fn();
  const signedIn = createSignedIn({ forget } as unknown as TokenSource);
  const seen = [0, 3, 3, 4].map((version) => {
    signedIn.is(version);
    return [signedIn.version, forget.mock.calls.length];
  });
  expect(seen).toEqual([
    [0, 0], // nobody was ever signed in
    [3, 1],
    [3, 1],
    [4, 2],
  ]);
});
