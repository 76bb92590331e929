import {
  AuthApiError,
  AuthRefreshDiscardedError,
  AuthRetryableFetchError,
  AuthSessionMissingError,
} from '@supabase/supabase-js';
import { UploadError } from 'powersync-backend-connector';
import { supabaseCredentials } from 'powersync-backend-connector/supabase';
import { describe, expect, it } from 'vitest';

const { signal } = new AbortController();

/** Answers of an auth client, one for each call; a text is a token, null no session, an error one that is returned. */
function scripted(answers: readonly (string | null | Error)[], throws = false) {
  const calls: string[] = [];
  const left = [...answers];
  const answer = (name: string) => async () => {
    calls.push(name);
    const next = left.shift();
    if (next === undefined) throw new Error(`No answer is left for ${name}`);
    if (next instanceof Error && throws) throw next;
    const error = next instanceof Error ? next : null;
    return { data: { session: typeof next === 'string' ? { access_token: next } : null }, error };
  };
  const auth = { getSession: answer('getSession'), refreshSession: answer('refreshSession') };
  return { credentials: supabaseCredentials({ client: { auth } }), calls };
}

const api = (status: number, code?: string) => new AuthApiError('SECRET', status, code);

describe.each([
  ['returned', false],
  ['thrown', true],
])('errors that are %s', (_, throws) => {
  it.each([
    ['no session', new AuthSessionMissingError()],
    ['a refresh token that is unknown', api(400, 'refresh_token_not_found')],
    ['one that was used', api(400, 'refresh_token_already_used')],
    ['one that an old server refuses', api(400)],
    ['a user who is banned', api(403, 'user_banned')],
    ['a user who was deleted', api(403, 'user_not_found')],
  ])('%s: signed out', async (_, error) => {
    const { credentials } = scripted([error], throws);
    expect(await credentials({ signal })).toBe(null);
  });

  it.each([
    ['no network', new AuthRetryableFetchError('SECRET', 0), 'network'],
    ['a server that is down', new AuthRetryableFetchError('SECRET', 503), 'unavailable'],
    ['too many requests', api(429, 'over_request_rate_limit'), 'throttled'],
    ['a refresh that was overtaken', new AuthRefreshDiscardedError(), 'unavailable'],
    ['a forbidden request', api(403), 'unavailable'],
    ['a request that is too large', api(413), 'unavailable'],
    ['a storage that fails', new Error('SECRET'), 'unknown'],
  ])('%s: it cannot be known', async (_, error, code) => {
    const { credentials } = scripted([error], throws);
    const thrown = await credentials({ signal }).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(UploadError);
    expect(thrown).toMatchObject({ code });
    expect(String(thrown)).not.toContain('SECRET');
  });
});

it('looks again after a refresh token that was used: another tab has the new session', async () => {
  const { credentials, calls } = scripted(['old', 'old', api(400, 'refresh_token_already_used'), 'new']);
  expect(await credentials({ signal })).toEqual({ token: 'old' });
  expect(await credentials({ signal })).toEqual({ token: 'new' });
  expect(calls).toEqual(['getSession', 'getSession', 'refreshSession', 'getSession']);
});

it('the session that is left after a refused refresh is not given again: its token was refused', async () => {
  const { credentials } = scripted(['old', 'old', api(400, 'refresh_token_not_found'), 'old']);
  await credentials({ signal });
  expect(await credentials({ signal })).toBe(null);
});

it('after null, a session is given as it is', async () => {
  const { credentials, calls } = scripted(['token', null, 'token']);
  await credentials({ signal });
  expect(await credentials({ signal })).toBe(null);
  expect(await credentials({ signal })).toEqual({ token: 'token' });
  expect(calls).not.toContain('refreshSession');
});
