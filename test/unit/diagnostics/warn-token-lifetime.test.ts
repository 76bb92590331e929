import { warnTokenLifetime } from 'powersync-backend-connector/diagnostics';
import { unsignedJwt } from 'powersync-backend-connector/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';

const context = { signal: new AbortController().signal };
const living = (seconds: number) => unsignedJwt({ sub: 'ada', iat: 1_000_000, exp: 1_000_000 + seconds });

async function warningsOf(...tokens: string[]): Promise<string[]> {
  const warnings: string[] = [];
  const provider = warnTokenLifetime(
    async () => ({ token: tokens.shift() ?? '' }),
    (message) => warnings.push(message),
  );
  while (tokens.length > 0) await provider(context);
  return warnings;
}

describe('warnTokenLifetime()', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([
    [59, /lives for 59 s.*refreshed all the time/],
    [-1, /lives for -1 s/],
    [86_401, /lives for 86401 s.*24 hours/],
  ])('warns once of a token that lives for %d s, without the token', async (seconds, words) => {
    const warnings = await warningsOf(living(seconds), living(seconds));
    expect(warnings).toEqual([expect.stringMatching(words)]);
    expect(warnings[0]).not.toContain(living(seconds).slice(0, 20));
  });

  it('is silent on lifetimes from 60 s to 24 h, and on what cannot be read', async () => {
    expect(await warningsOf(living(60), living(86_400), 'opaque', 'a.b.c', unsignedJwt(null))).toEqual([]);
  });

  it('warns of a token that does not say how long it lives', async () => {
    expect(await warningsOf(unsignedJwt({ exp: 1 }))).toEqual([expect.stringContaining('"iat" and "exp"')]);
  });

  it('hands on what it gets: result, null, error, signal, and what nobody expects', async () => {
    const result = { token: living(10), more: true };
    const inner = vi
      .fn()
      .mockResolvedValueOnce(result)
      .mockResolvedValueOnce(null)
      .mockResolvedValueOnce(undefined);
    inner.mockRejectedValueOnce(new Error('offline'));
    const provider = warnTokenLifetime(inner, () => {});
    expect(await provider(context)).toBe(result);
    expect(await provider(context)).toBeNull();
    expect(await provider(context)).toBeUndefined();
    await expect(provider(context)).rejects.toThrow('offline');
    expect(inner).toHaveBeenCalledWith(context);
  });

  it("goes to the platform's console by default", async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await warnTokenLifetime(async () => ({ token: living(1) }))(context);
    expect(warn).toHaveBeenCalledOnce();
  });
});
