import { unsignedJwt } from 'powersync-backend-connector/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryTokenCache, type TokenCache } from '../../../src/auth/kept-token.ts';
import {
  type CredentialsProvider,
  createTokenSource,
  type RefreshResult,
} from '../../../src/auth/token-cache.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** What the clocks of the world show when a test begins. */
const START = Date.UTC(2026, 0, 1, 12);

let serial = 0;

interface World {
  /** How wrong the device's clock is. */
  skewMs?: number;
  cache?: TokenCache;
  credentials?: CredentialsProvider;
}

/** A provider of five-minute tokens, as fresh as the world's clock, and a device that uses them. */
function world({ skewMs = 0, cache = memoryTokenCache(), credentials }: World = {}) {
  const time = { now: START };
  const refreshes: RefreshResult[] = [];
  const durations: number[] = [];
  const issue = (lifeMs = 5 * MINUTE) =>
    unsignedJwt({ jti: ++serial, iat: time.now / 1000, exp: (time.now + lifeMs) / 1000 });
  const provider = vi.fn<CredentialsProvider>(credentials ?? (async () => ({ token: issue() })));
  const tokens = createTokenSource({
    credentials: provider,
    cache,
    timeoutMs: 30_000,
    clock: () => time.now + skewMs,
    onRefresh(result, durationMs) {
      refreshes.push(result);
      durations.push(durationMs);
    },
  });
  return { time, tokens, provider, refreshes, durations, issue };
}

/** Gives these answers in turn, then the last one for ever; an Error is thrown. */
function answering(...answers: unknown[]): CredentialsProvider {
  let index = 0;
  return async () => {
    const answer = answers[Math.min(index++, answers.length - 1)];
    if (answer instanceof Error) throw answer;
    return answer as { token: string } | null;
  };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('getting a token', () => {
  it('asks the provider only when a token is needed', async () => {
    const { provider } = world();
    expect(provider).not.toHaveBeenCalled();
  });

  it('asks once and keeps the answer', async () => {
    const { tokens, provider, refreshes } = world();
    const token = await tokens.get();
    expect(await tokens.get()).toBe(token);
    expect(provider).toHaveBeenCalledTimes(1);
    expect(refreshes).toEqual(['token']);
  });

  it('asks once for all who ask at the same time, as sync and uploads do', async () => {
    const { tokens, provider } = world();
    const [one, two, three] = await Promise.all([tokens.get(), tokens.get(), tokens.get()]);
    expect(two).toBe(one);
    expect(three).toBe(one);
    expect(provider).toHaveBeenCalledTimes(1);
  });

  it('fails for all who asked at the same time, and asks anew the next time', async () => {
    const offline = new TypeError('fetch failed');
    const { tokens, provider, refreshes } = world({ credentials: answering(offline, { token: 'later' }) });
    const results = await Promise.allSettled([tokens.get(), tokens.get()]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
    expect(results.map((result) => (result as PromiseRejectedResult).reason)).toEqual([offline, offline]);
    expect(await tokens.get()).toBe('later');
    expect(provider).toHaveBeenCalledTimes(2);
    expect(refreshes).toEqual(['failed', 'token']);
  });

  it('keeps signed out (null) apart from not knowing, and asks again each time', async () => {
    const { tokens, provider, refreshes } = world({ credentials: answering(null) });
    expect(await tokens.get()).toBeNull();
    expect(await tokens.get()).toBeNull();
    expect(provider).toHaveBeenCalledTimes(2);
    expect(refreshes).toEqual(['signed-out', 'signed-out']);
  });

  it.each(['', ' ', '\n', ' \t\r\n '])(
    'reads the empty token %j as signed out: the SDK would cache it',
    async (token) => {
      const { tokens, refreshes } = world({ credentials: answering({ token }) });
      expect(await tokens.get()).toBeNull();
      expect(refreshes).toEqual(['signed-out']);
    },
  );

  it('trims whitespace around a token, such as the newline of a file', async () => {
    const { tokens } = world({ credentials: answering({ token: ' abc.def.ghi\n' }) });
    expect(await tokens.get()).toBe('abc.def.ghi');
  });

  it.each<[string, unknown]>([
    ['a newline inside', { token: 'abc\ndef' }],
    ['a space inside', { token: 'Bearer abc' }],
    ['a letter no header may carry', { token: 'tökén' }],
    ['a number', { token: 42 }],
    ['no token', {}],
    ['undefined', undefined],
    ['text', 'abc'],
  ])('refuses %s as misconfigured, without quoting it', async (_, answer) => {
    const { tokens, refreshes } = world({ credentials: answering(answer) });
    const error = await tokens.get().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'misconfigured' });
    expect(String(error)).not.toMatch(/abc|tökén|42/);
    expect(refreshes).toEqual(['failed']);
  });

  it('takes a provider that throws at once like one that rejects', async () => {
    const { tokens } = world({
      credentials: () => {
        throw new Error('not async');
      },
    });
    await expect(tokens.get()).rejects.toThrow('not async');
  });
});

it('tells how long each refresh took', async () => {
  const { tokens, time, provider, durations } = world();
  provider.mockImplementation(async () => {
    time.now += 700;
    if (provider.mock.calls.length === 1) throw new TypeError('fetch failed');
    return { token: 'abc' };
  });
  await expect(tokens.get()).rejects.toThrow();
  await tokens.get();
  expect(durations).toEqual([700, 700]);
});

it('aborts the signal of a refresh that failed, so that nothing goes on behind it', async () => {
  const signals: AbortSignal[] = [];
  const { tokens } = world({
    credentials: async ({ signal }) => {
      signals.push(signal);
      return { token: 7 as never };
    },
  });
  await expect(tokens.get()).rejects.toThrow();
  expect(signals[0]?.aborted).toBe(true);
});

describe('forgetting everything, as when somebody else signs in', () => {
  /** A provider whose answers are given by hand. */
  function byHand(cache = memoryTokenCache()) {
    const answers: ((token: string) => void)[] = [];
    const { tokens, provider } = world({
      cache,
      credentials: () => new Promise((resolve) => answers.push((token) => resolve({ token }))),
    });
    return { tokens, provider, answers };
  }

  it('drops the token, also from the cache', async () => {
    const cache = memoryTokenCache();
    const { tokens, provider } = world({ cache, credentials: answering({ token: 'ada' }, { token: 'bob' }) });
    await tokens.get();
    tokens.forget();
    await vi.advanceTimersByTimeAsync(0);
    expect(cache.get()).toBeNull();
    expect(await tokens.get()).toBe('bob');
    expect(provider).toHaveBeenCalledTimes(2);
  });

  it('lets a refresh on its way fail, and the one behind it stay the only one', async () => {
    const { tokens, provider, answers } = byHand();
    const before = expect(tokens.get()).rejects.toMatchObject({ code: 'unauthenticated' });
    await vi.advanceTimersByTimeAsync(0);
    tokens.forget();
    const after = tokens.get();
    await vi.advanceTimersByTimeAsync(0);
    answers[0]?.('ada');
    await before;
    const another = tokens.get();
    answers[1]?.('bob');
    expect(await Promise.all([after, another])).toEqual(['bob', 'bob']);
    expect(provider).toHaveBeenCalledTimes(2);
  });

  it('does not take what a slow cache still had', async () => {
    let answer: (token: string) => void = () => {};
    const slow = new Promise<string>((resolve) => {
      answer = resolve;
    });
    const { tokens, answers } = byHand({ get: () => slow, set: () => {} });
    const waiting = tokens.get();
    tokens.forget();
    answer('ada');
    await expect(waiting).rejects.toMatchObject({ code: 'unauthenticated' }); // It was asked for ada.
    const next = tokens.get();
    await vi.advanceTimersByTimeAsync(0);
    answers[0]?.('bob');
    expect(await next).toBe('bob');
  });
});

describe('a provider that hangs', () => {
  it('times out, is told so, and is asked anew the next time', async () => {
    const signals: AbortSignal[] = [];
    const { tokens, refreshes } = world({
      credentials: ({ signal }) => {
        signals.push(signal);
        return signals.length === 1 ? new Promise(() => {}) : Promise.resolve({ token: 'second' });
      },
    });
    const waiting = expect(tokens.get()).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(30_000);
    await waiting;
    expect(signals[0]?.aborted).toBe(true);
    expect(await tokens.get()).toBe('second');
    expect(refreshes).toEqual(['failed', 'token']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not overwrite a newer token when it answers after all', async () => {
    let answerLate: (answer: { token: string }) => void = () => {};
    let calls = 0;
    const { tokens } = world({
      credentials: () =>
        ++calls === 1
          ? new Promise((resolve) => {
              answerLate = resolve;
            })
          : Promise.resolve({ token: 'newer' }),
    });
    const waiting = expect(tokens.get()).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(30_000);
    await waiting;
    expect(await tokens.get()).toBe('newer');
    answerLate({ token: 'late' });
    await vi.advanceTimersByTimeAsync(0);
    expect(await tokens.get()).toBe('newer');
  });
});

describe('refreshing ahead', () => {
  it('gets a new token a minute before the old one expires, before the SDK would at 30 s', async () => {
    const { tokens, time, provider } = world();
    const first = await tokens.get();
    time.now += 4 * MINUTE - 1;
    expect(await tokens.get()).toBe(first);
    time.now += 1;
    expect(await tokens.get()).not.toBe(first);
    expect(provider).toHaveBeenCalledTimes(2);
  });

  it('does so after two thirds of the life of a short token', async () => {
    const { tokens, time, provider, issue } = world();
    provider.mockImplementation(async () => ({ token: issue(90_000) }));
    await tokens.get();
    time.now += 59_999;
    await tokens.get();
    expect(provider).toHaveBeenCalledTimes(1);
    time.now += 1;
    await tokens.get();
    expect(provider).toHaveBeenCalledTimes(2);
  });

  it('serves the old token while it is valid, where that fails', async () => {
    const { tokens, time, provider, refreshes } = world();
    const first = await tokens.get();
    provider.mockRejectedValue(new TypeError('fetch failed'));
    time.now += 4 * MINUTE;
    expect(await tokens.get()).toBe(first);
    time.now += MINUTE - 1;
    expect(await tokens.get()).toBe(first);
    time.now += 1;
    await expect(tokens.get()).rejects.toThrow('fetch failed');
    expect(refreshes).toEqual(['token', 'failed', 'failed', 'failed']);
  });

  it('does not serve an old token that was refused meanwhile', async () => {
    const { tokens, time, provider } = world();
    const first = await tokens.get();
    provider.mockRejectedValue(new TypeError('fetch failed'));
    time.now += 4 * MINUTE;
    const waiting = tokens.get();
    tokens.drop(first ?? undefined);
    await expect(waiting).rejects.toThrow('fetch failed');
  });

  it('serves nothing once the provider says that nobody is signed in', async () => {
    const { tokens, time, provider } = world();
    await tokens.get();
    provider.mockResolvedValue(null);
    time.now += 4 * MINUTE;
    expect(await tokens.get()).toBeNull();
  });

  /** When a token that has been issued and runs out at these times, from when it comes, is replaced. */
  async function replacedAfter(issuedMs: number, expiresMs: number): Promise<number> {
    const { tokens, time, provider } = world();
    const iat = (START + issuedMs) / 1000;
    provider.mockImplementation(async () => ({
      token: unsignedJwt({ jti: ++serial, iat, exp: (START + expiresMs) / 1000 }),
    }));
    await tokens.get();
    while (provider.mock.calls.length === 1 && time.now < START + HOUR) {
      time.now += 500;
      await tokens.get();
    }
    return time.now - START;
  }

  it.each([
    ['by what is left of it, not by its lifetime', -10 * MINUTE, 2 * MINUTE, 80_000],
    ['after ten seconds, though less is left of it', -HOUR, 6_000, 10_000],
    ['after half its lifetime, if that is less', -7_000, 1_000, 4_000],
    ['after ten seconds, if it has no lifetime at all', 0, 0, 10_000],
  ])('replaces a token %s', async (_, issuedMs, expiresMs, after) => {
    expect(await replacedAfter(issuedMs, expiresMs)).toBe(after);
  });

  it('never happens to a token without expiry', async () => {
    const { tokens, time, provider } = world({ credentials: answering({ token: 'opaque' }) });
    await tokens.get();
    time.now += 1000 * 24 * HOUR;
    expect(await tokens.get()).toBe('opaque');
    expect(provider).toHaveBeenCalledTimes(1);
  });
});

describe('a device whose clock is wrong', () => {
  /** How many tokens are fetched in an hour by an app that asks every 5 s, and how many were expired in truth. */
  async function anHour(skewMs: number, serverDate: boolean, claims: { iat: boolean } = { iat: true }) {
    const { tokens, time, provider } = world({ skewMs });
    provider.mockImplementation(async () => {
      const exp = (time.now + 5 * MINUTE) / 1000;
      return { token: unsignedJwt({ jti: ++serial, exp, ...(claims.iat && { iat: time.now / 1000 }) }) };
    });
    if (serverDate) tokens.serverTime(time.now);
    let expired = 0;
    for (let elapsed = 0; elapsed < HOUR; elapsed += 5000) {
      const token = (await tokens.get()) ?? '';
      const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
        exp: number;
      };
      if (exp * 1000 <= time.now) {
        expired++;
        tokens.drop(token); // the backend answers 401
      }
      time.now += 5000;
    }
    return { fetched: provider.mock.calls.length, expired };
  }

  it.each<[string, number, boolean]>([
    ['right', 0, false],
    ['right, with the Date of a server', 0, true],
    ['an hour ahead', HOUR, false],
    ['an hour ahead, with the Date of a server', HOUR, true],
    ['an hour behind', -HOUR, false],
    ['an hour behind, with the Date of a server', -HOUR, true],
    ['a year ahead', 365 * 24 * HOUR, false],
    ['a year behind', -365 * 24 * HOUR, false],
  ])('%s: a token for every four minutes, and none used after its end', async (_, skewMs, serverDate) => {
    expect(await anHour(skewMs, serverDate)).toEqual({ fetched: 15, expired: 0 });
  });

  it('uses the Date of a server also for tokens that do not say when they were issued', async () => {
    expect(await anHour(HOUR, true, { iat: false })).toEqual({ fetched: 15, expired: 0 });
    expect(await anHour(-HOUR, true, { iat: false })).toEqual({ fetched: 15, expired: 0 });
  });

  it.each([HOUR, -HOUR])(
    '%i ms off, without Date and iat: one refused request for each token, no storm',
    async (skewMs) => {
      const { fetched, expired } = await anHour(skewMs, false, { iat: false });
      expect(fetched).toBeLessThanOrEqual(15);
      expect(expired).toBeLessThanOrEqual(12);
    },
  );

  it.each([4 * MINUTE + 50_000, 4 * MINUTE + 59_000, 5 * MINUTE, 5 * MINUTE + 10_000])(
    'ahead by about the life of a token (%i ms): each token is used for a few seconds at least',
    async (skewMs) => {
      const { tokens, time, provider } = world({ skewMs });
      for (let elapsed = 0; elapsed < MINUTE; elapsed += 100) {
        await tokens.get();
        time.now += 100;
      }
      expect(provider.mock.calls.length).toBeLessThanOrEqual(12);
    },
  );

  it('takes small differences for noise: Date counts whole seconds, and answers take time', async () => {
    const { tokens, time, provider } = world();
    await tokens.get();
    tokens.serverTime(time.now + 5000);
    time.now += 4 * MINUTE - 1;
    await tokens.get();
    expect(provider).toHaveBeenCalledTimes(1);
  });

  it('asks anew when the clock was set back behind the moment the token came', async () => {
    const { tokens, time, provider } = world();
    await tokens.get();
    time.now -= HOUR;
    await tokens.get();
    expect(provider).toHaveBeenCalledTimes(2);
  });

  it('does not where the clock was set back by a few seconds, as its device does to be exact', async () => {
    const { tokens, time, provider } = world();
    await tokens.get();
    time.now -= 5000;
    await tokens.get();
    expect(provider).toHaveBeenCalledTimes(1);
    time.now -= 1;
    await tokens.get();
    expect(provider).toHaveBeenCalledTimes(2);
  });
});

describe('a token that has expired when it comes', () => {
  it('is used for its lifetime and causes no storm: the clock may be wrong, and a 401 drops it anyway', async () => {
    const { tokens, time, provider } = world();
    const stale = unsignedJwt({ iat: (START - HOUR) / 1000, exp: (START - HOUR + 5 * MINUTE) / 1000 });
    provider.mockResolvedValue({ token: stale });
    for (let i = 0; i < 20; i++) {
      expect(await tokens.get()).toBe(stale);
      time.now += 1000;
    }
    expect(provider).toHaveBeenCalledTimes(1);
  });

  it('counts as such also where it expires at that very moment', async () => {
    const { tokens, time, provider } = world();
    provider.mockResolvedValue({
      token: unsignedJwt({ iat: (START - 5 * MINUTE) / 1000, exp: START / 1000 }),
    });
    await tokens.get();
    time.now += MINUTE;
    await tokens.get();
    expect(provider).toHaveBeenCalledTimes(1);
  });

  it('is dropped by its 401, and the same one again is reported as unchanged', async () => {
    const stale = unsignedJwt({ exp: (START - HOUR) / 1000 });
    const { tokens, refreshes } = world({ credentials: answering({ token: stale }) });
    await tokens.get();
    tokens.drop(stale);
    expect(await tokens.get()).toBe(stale);
    expect(refreshes).toEqual(['token', 'unchanged']);
  });
});

describe('dropping a token', () => {
  it('drops exactly the one that was refused', async () => {
    const { tokens, provider } = world();
    const first = (await tokens.get()) ?? undefined;
    tokens.drop(first);
    const second = await tokens.get();
    expect(second).not.toBe(first);
    tokens.drop(first); // another request with the old token is refused late
    expect(await tokens.get()).toBe(second);
    expect(provider).toHaveBeenCalledTimes(2);
  });

  it('drops the one that was kept last where nobody says which', async () => {
    const { tokens, provider } = world();
    await tokens.get();
    tokens.drop();
    await tokens.get();
    expect(provider).toHaveBeenCalledTimes(2);
  });

  it('does not disturb a refresh that is under way', async () => {
    const { tokens, provider } = world();
    const first = (await tokens.get()) ?? undefined;
    tokens.drop(first);
    const waiting = tokens.get();
    tokens.drop(first);
    const second = await waiting;
    expect(await tokens.get()).toBe(second);
    expect(provider).toHaveBeenCalledTimes(2);
  });

  it('does nothing where there is no token', () => {
    const { tokens } = world();
    expect(() => tokens.drop()).not.toThrow();
    expect(() => tokens.drop('never seen')).not.toThrow();
  });

  it('reports a provider that returns the refused token once more', async () => {
    const { tokens, refreshes, issue } = world();
    const token = issue();
    const { tokens: stubborn, refreshes: reported } = world({ credentials: answering({ token }) });
    await tokens.get();
    tokens.drop();
    await tokens.get();
    expect(refreshes).toEqual(['token', 'token']);
    await stubborn.get();
    stubborn.drop(token);
    await stubborn.get();
    expect(reported).toEqual(['token', 'unchanged']);
  });
});

describe('a cache of the app', () => {
  const cacheOf = (kept: string | null | undefined) => {
    const cache = {
      kept,
      get: vi.fn(async () => cache.kept),
      set: vi.fn(async (token: string | null) => {
        cache.kept = token;
      }),
    };
    return cache;
  };

  it('is asked once for the token to begin with, which is then used', async () => {
    const { issue } = world();
    const token = issue();
    const cache = cacheOf(token);
    const { tokens, provider } = world({ cache });
    expect(await Promise.all([tokens.get(), tokens.get()])).toEqual([token, token]);
    const asked = cache.get.mock.calls.length;
    await tokens.get();
    expect(cache.get).toHaveBeenCalledTimes(asked);
    expect(provider).not.toHaveBeenCalled();
    expect(cache.set).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([null, undefined, ''])('is empty with %j', async (kept) => {
    const { tokens, provider } = world({ cache: cacheOf(kept) });
    await tokens.get();
    expect(provider).toHaveBeenCalledTimes(1);
  });

  it('is told of every new token, of a dropped one and of signing out', async () => {
    const cache = cacheOf(null);
    const { tokens } = world({ cache, credentials: answering({ token: 'one' }, { token: 'two' }, null) });
    await tokens.get();
    tokens.drop('one');
    await tokens.get();
    tokens.drop('two');
    await tokens.get();
    await vi.advanceTimersByTimeAsync(0);
    expect(cache.set.mock.calls.map(([token]) => token)).toEqual(['one', null, 'two', null, null]);
  });

  it('has its token dropped by a 401 like any other', async () => {
    const cache = cacheOf('refused');
    const { tokens } = world({ cache, credentials: answering({ token: 'fresh' }) });
    expect(await tokens.get()).toBe('refused');
    tokens.drop('refused');
    expect(await tokens.get()).toBe('fresh');
  });

  it.each<[string, TokenCache]>([
    [
      'throws',
      {
        get: () => {
          throw new Error('SecurityError');
        },
        set: () => {
          throw new Error('QuotaExceededError');
        },
      },
    ],
    [
      'rejects',
      { get: () => Promise.reject(new Error('locked')), set: () => Promise.reject(new Error('full')) },
    ],
  ])('counts as empty when it %s', async (_, cache) => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const { tokens, provider } = world({ cache, credentials: answering({ token: 'fresh' }) });
    expect(await tokens.get()).toBe('fresh');
    expect(await tokens.get()).toBe('fresh');
    tokens.drop('fresh');
    await vi.advanceTimersByTimeAsync(0);
    expect(provider).toHaveBeenCalledTimes(1);
  });

  it.each<[string, unknown]>([
    ['an object', { token: 'abc' }],
    ['a number', 42],
    ['whitespace', ' \n'],
    ['text that no header may carry', 'two words'],
  ])('counts as empty when it holds %s instead of a token', async (_, kept) => {
    const cache = { get: () => kept as string, set: () => {} };
    const { tokens } = world({ cache, credentials: answering({ token: 'fresh' }) });
    expect(await tokens.get()).toBe('fresh');
  });

  it('counts as empty when it never answers: it must not hold up sync for ever', async () => {
    const cache = { get: () => new Promise<string>(() => {}), set: () => {} };
    const { tokens } = world({ cache, credentials: answering({ token: 'fresh' }) });
    let token: string | null | undefined;
    void tokens.get().then((value) => {
      token = value;
    });
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(token).toBe('fresh');
  });
});

describe('keeping only the token of one user, as at a start', () => {
  const tokenOf = (sub?: string) => unsignedJwt({ jti: ++serial, sub, exp: (START + HOUR) / 1000 });
  const cacheWith = (kept: string | null) => {
    const cache = {
      kept,
      get: vi.fn(() => cache.kept),
      set: vi.fn(async (token: string | null) => {
        cache.kept = token;
      }),
    };
    return cache;
  };

  it('leaves what the cache has of that user', async () => {
    const token = tokenOf('ada');
    const cache = cacheWith(token);
    const { tokens, provider } = world({ cache });
    await tokens.keepOnlyOf('ada');
    expect(cache.set).not.toHaveBeenCalled();
    expect(await tokens.get()).toBe(token);
    expect(provider).not.toHaveBeenCalled();
  });

  it.each<[string, string | undefined, string | null]>([
    ['of somebody else', 'bob', 'ada'],
    ['that names nobody', undefined, 'ada'],
    ['where nobody is signed in', 'ada', null],
    ['that names nobody, where nobody is signed in', undefined, null],
  ])('forgets a token %s, and has dropped it from the cache when it ends', async (_, sub, owner) => {
    const cache = cacheWith(tokenOf(sub));
    const fresh = tokenOf('ada');
    const { tokens } = world({ cache, credentials: answering({ token: fresh }) });
    await tokens.keepOnlyOf(owner);
    expect(cache.kept).toBeNull();
    expect(await tokens.get()).toBe(fresh);
  });

  it('does so also once that token has been used', async () => {
    const token = tokenOf('bob');
    const cache = cacheWith(token);
    const { tokens } = world({ cache });
    expect(await tokens.get()).toBe(token);
    await tokens.keepOnlyOf('ada');
    expect(cache.kept).toBeNull();
    expect(await tokens.get()).not.toBe(token);
  });

  it('leaves a token that credentials() gave, whoever it names: it is of now', async () => {
    const token = tokenOf('bob');
    const cache = cacheWith(null);
    const { tokens, provider } = world({ cache, credentials: answering({ token }) });
    await tokens.get();
    const asked = cache.get.mock.calls.length;
    await tokens.keepOnlyOf('ada');
    expect(await tokens.get()).toBe(token);
    expect(cache.kept).toBe(token);
    expect(cache.get).toHaveBeenCalledTimes(asked);
    expect(provider).toHaveBeenCalledTimes(1);
  });

  it('forgets it while nobody is signed in: the app had the session for a moment longer', async () => {
    const cache = cacheWith(null);
    const { tokens } = world({ cache, credentials: answering({ token: tokenOf('ada') }, null) });
    await tokens.get();
    await tokens.keepOnlyOf(null);
    expect(cache.kept).toBeNull();
    expect(await tokens.get()).toBeNull();
  });

  it('writes nothing to a cache that is empty', async () => {
    const cache = cacheWith(null);
    const { tokens } = world({ cache });
    await tokens.keepOnlyOf('ada');
    expect(cache.set).not.toHaveBeenCalled();
  });
});

describe('a connector that was closed', () => {
  it('keeps nothing of a refresh that was on its way, and hands it to nobody', async () => {
    let answer = (_: { token: string }): void => {};
    const credentials = () =>
      new Promise<{ token: string }>((resolve) => {
        answer = resolve;
      });
    const cache = { get: () => null, set: vi.fn() };
    const { tokens, refreshes } = world({ cache, credentials });
    const token = tokens.get();
    await vi.advanceTimersByTimeAsync(0);
    tokens.close();
    answer({ token: 'of-ada' });
    await expect(token).rejects.toMatchObject({ code: 'aborted' });
    expect(cache.set).not.toHaveBeenCalled();
    expect(refreshes).toEqual(['failed']);
  });

  it('leaves what is kept to the next start', async () => {
    const cache = { get: () => 'of-ada', set: vi.fn() };
    const { tokens } = world({ cache });
    await tokens.get();
    tokens.close();
    expect(cache.set).not.toHaveBeenCalled();
  });
});

describe('a slow cache of the app', () => {
  /** A cache whose writes land when the test says so. */
  function slowCache() {
    const pending: { token: string | null; land: () => void; fail: (error: Error) => void }[] = [];
    const cache = {
      kept: null as string | null,
      get: () => cache.kept,
      set: (token: string | null) =>
        new Promise<void>((resolve, reject) => {
          const land = () => {
            cache.kept = token;
            resolve();
          };
          pending.push({ token, land, fail: reject });
        }),
    };
    return { cache, pending };
  }

  const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

  it('is written one after another, so that the last one wins', async () => {
    const { cache, pending } = slowCache();
    const { tokens } = world({ cache, credentials: answering({ token: 'of-ada' }) });
    await tokens.get();
    tokens.forget();
    await pass();
    expect(pending.map(({ token }) => token)).toEqual(['of-ada']);
    pending[0]?.land();
    await pass();
    expect(pending.map(({ token }) => token)).toEqual(['of-ada', null]);
    pending[1]?.land();
    await tokens.settled();
    expect(cache.kept).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is written in turn by a connector that was closed and the next one, which reads what came of it', async () => {
    const { cache, pending } = slowCache();
    const { tokens: last } = world({ cache, credentials: answering({ token: 'of-ada' }) });
    await last.get();
    last.close();
    const { tokens } = world({ cache, credentials: answering({ token: 'of-bob' }) });
    tokens.forget();
    const read = world({ cache, credentials: answering({ token: 'of-bob' }) }).tokens.get();
    await pass();
    expect(pending.map(({ token }) => token)).toEqual(['of-ada']);
    pending[0]?.land();
    await pass();
    expect(pending.map(({ token }) => token)).toEqual(['of-ada', null]);
    pending[1]?.land();
    expect(await read).toBe('of-bob');
  });

  it('is settled once all of it has landed', async () => {
    const { cache, pending } = slowCache();
    const { tokens } = world({ cache, credentials: answering({ token: 'of-ada' }) });
    await tokens.get();
    tokens.forget();
    const settled = vi.fn();
    void tokens.settled().then(settled);
    await pass();
    pending[0]?.land();
    await pass();
    expect(settled).not.toHaveBeenCalled();
    pending[1]?.land();
    await pass();
    expect(settled).toHaveBeenCalled();
  });

  it('is waited for where it has to drop the token of somebody else', async () => {
    const { cache, pending } = slowCache();
    cache.kept = unsignedJwt({ sub: 'bob' });
    const { tokens } = world({ cache });
    const ended = vi.fn();
    void tokens.keepOnlyOf('ada').then(ended);
    await pass();
    expect(pending).toMatchObject([{ token: null }]);
    expect(ended).not.toHaveBeenCalled();
    pending[0]?.land();
    await pass();
    expect(ended).toHaveBeenCalled();
  });

  it('is settled at once where there is nothing to write', async () => {
    await world().tokens.settled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that hangs holds nothing up for longer than timeoutMs, and has the last word all the same', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { cache, pending } = slowCache();
    const { tokens } = world({ cache, credentials: answering({ token: 'of-ada' }) });
    await tokens.get();
    tokens.forget();
    const settled = vi.fn();
    void tokens.settled().then(settled);
    await pass(29_999);
    expect(settled).not.toHaveBeenCalled();
    await pass(1);
    expect(settled).toHaveBeenCalled();
    expect(pending.map(({ token }) => token)).toEqual(['of-ada', null]);
    pending[1]?.land();
    await pass();
    pending[0]?.land(); // of the user who has left, long after it was given up
    await pass();
    expect(cache.kept).toBe('of-ada');
    expect(pending.map(({ token }) => token)).toEqual(['of-ada', null, null]);
    pending[2]?.land();
    await tokens.settled();
    expect(cache.kept).toBeNull();
    expect(logged).not.toHaveBeenCalled();
  });

  it('that hangs is not written again where nothing came after', async () => {
    const { cache, pending } = slowCache();
    const { tokens } = world({ cache, credentials: answering({ token: 'of-ada' }) });
    await tokens.get();
    await pass(30_000);
    pending[0]?.land();
    await pass();
    expect(pending).toHaveLength(1);
  });

  it('that cannot drop a token is asked once more, and then told of', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { cache, pending } = slowCache();
    const { tokens } = world({ cache, credentials: answering({ token: 'secret' }) });
    await tokens.get();
    await pass();
    pending[0]?.land();
    tokens.forget();
    await pass();
    pending[1]?.fail(new Error('locked: secret'));
    await pass();
    expect(logged).not.toHaveBeenCalled();
    pending[2]?.fail(new Error('locked: secret'));
    await tokens.settled();
    expect(pending.map(({ token }) => token)).toEqual(['secret', null, null]);
    expect(logged).toHaveBeenCalledTimes(1);
    expect(logged.mock.calls[0]?.[0]).toContain('tokenCache');
    expect(JSON.stringify(logged.mock.calls[0])).not.toContain('secret');
  });

  it('that drops it the second time is not told of', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    let fails = true;
    const cache = {
      kept: 'of-ada' as string | null,
      get: () => cache.kept,
      set: async (token: string | null) => {
        if (fails) {
          fails = false;
          throw new Error('locked');
        }
        cache.kept = token;
      },
    };
    const { tokens } = world({ cache });
    tokens.forget();
    await tokens.settled();
    expect(cache.kept).toBeNull();
    expect(logged).not.toHaveBeenCalled();
  });

  it('that cannot keep a token is not told of: it counts as empty', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    const cache = { get: () => null, set: vi.fn(() => Promise.reject(new Error('full'))) };
    const { tokens } = world({ cache, credentials: answering({ token: 'fresh' }) });
    expect(await tokens.get()).toBe('fresh');
    await tokens.settled();
    expect(cache.set).toHaveBeenCalledTimes(1);
    expect(logged).not.toHaveBeenCalled();
  });

  it('hands out no token of a user who was forgotten while it was read', async () => {
    let answer = (_: string): void => {};
    const get = () =>
      new Promise<string>((resolve) => {
        answer = resolve;
      });
    const { tokens } = world({ cache: { get, set: () => {} }, credentials: answering({ token: 'of-bob' }) });
    const token = tokens.get();
    await pass();
    tokens.forget();
    answer('of-ada');
    await expect(token).rejects.toMatchObject({ code: 'unauthenticated' }); // It was asked for ada.
    expect(await tokens.get()).toBe('of-bob');
  });
});

describe('memoryTokenCache', () => {
  it('keeps one token, for itself alone', () => {
    const [one, other] = [memoryTokenCache(), memoryTokenCache()];
    expect(one.get()).toBeNull();
    one.set('abc');
    expect(one.get()).toBe('abc');
    expect(other.get()).toBeNull();
    one.set(null);
    expect(one.get()).toBeNull();
  });
});
