import { describe, expect, it } from 'vitest';
import { memoryTokenCache } from '../../src/auth/kept-token.ts';
import { type BackendConnectorOptions, resolveOptions } from '../../src/options.ts';
import { anEntry } from '../support/fake-queue.ts';

const REQUIRED: BackendConnectorOptions = {
  endpoint: 'https://my.powersync.example',
  credentials: async () => null,
  transport: async () => [],
};

const resolve = (options: object = {}) => resolveOptions({ ...REQUIRED, ...options });
const ones = (count: number) => Array.from({ length: count }, () => [anEntry()]);

describe('the defaults', () => {
  it('are in place without any option', () => {
    const { retry, transforms, classify, clock, random } = resolve();
    expect(retry).toEqual({
      baseMs: 5000,
      maxMs: 300_000,
      jitter: 0.3,
      timeoutMs: 30_000,
      ambiguous: undefined,
    });
    expect(transforms).toEqual([]);
    expect(classify({} as never)).toBeUndefined();
    expect(clock).toBe(Date.now);
    expect(random).toBe(Math.random);
  });

  it('send 50 transactions together, of 20 entries each at most on average', () => {
    const { batching, bounds, firstOffer } = resolve();
    expect(batching(ones(60))).toBe(50);
    expect(bounds).toEqual({ transactions: 50, entries: 1000 });
    expect(firstOffer).toBe(50);
  });

  it('are a token cache of its own for each connector', async () => {
    const [one, other] = [resolve(), resolve()];
    await one.tokenCache.set('abc');
    expect(await other.tokenCache.get()).toBeNull();
  });

  it('hold for what is undefined', () => {
    const undefinedAll = Object.fromEntries(
      ['rejections', 'batching', 'retry', 'classify', 'transform', 'tokenCache', 'clock', 'random'].map(
        (name) => [name, undefined],
      ),
    );
    expect(resolve(undefinedAll).retry).toEqual(resolve().retry);
    expect(resolve({ retry: { baseMs: undefined, ambiguous: undefined } }).retry).toEqual(resolve().retry);
    const batching = { maxTransactions: undefined, maxEntries: undefined };
    expect(resolve({ batching }).bounds).toEqual(resolve().bounds);
  });
});

describe('what is given', () => {
  it.each([
    ['https://my.powersync.example/', 'https://my.powersync.example'],
    ['https://my.powersync.example///', 'https://my.powersync.example'],
    ['https://my.powersync.example/path/', 'https://my.powersync.example/path'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['HTTPS://MY.POWERSYNC.EXAMPLE', 'HTTPS://MY.POWERSYNC.EXAMPLE'],
  ])('endpoint %s becomes %s: the SDK fails on a trailing slash', (endpoint, expected) => {
    expect(resolve({ endpoint }).endpoint).toBe(expected);
  });

  it('is used as it is', () => {
    const given = {
      rejections: () => 'hold' as const,
      batching: () => 1,
      classify: () => 'retry' as const,
      tokenCache: memoryTokenCache(),
      clock: () => 1,
      random: () => 0,
    };
    expect(resolve(given)).toMatchObject(given);
  });

  it('may be one transform or several', () => {
    const one = (entries: never) => entries;
    expect(resolve({ transform: one }).transforms).toEqual([one]);
    expect(resolve({ transform: [one, one] }).transforms).toEqual([one, one]);
  });

  it('may be a token cache that is a class', () => {
    class Cache {
      #token: string | null = null;
      get() {
        return this.#token;
      }
      set(token: string | null) {
        this.#token = token;
      }
    }
    expect(resolve({ tokenCache: new Cache() }).tokenCache).toBeInstanceOf(Cache);
  });

  it('may switch giving up on ambiguous answers off, or set its budget', () => {
    expect(resolve({ retry: { ambiguous: false } }).retry.ambiguous).toBe(false);
    const budget = { attempts: 1, minMs: 0 };
    expect(resolve({ retry: { ambiguous: budget } }).retry.ambiguous).toEqual(budget);
  });

  it.each([
    [{ maxTransactions: 1 }, { transactions: 1, entries: 20 }],
    [{ maxTransactions: 500 }, { transactions: 500, entries: 10_000 }],
    [{ maxEntries: 7 }, { transactions: 50, entries: 7 }],
    [{ maxTransactions: 1_000_000 }, { transactions: 10_000, entries: 10_000 }],
  ])('batching %j is read within these bounds: %j', (batching, bounds) => {
    expect(resolve({ batching })).toMatchObject({ bounds, firstOffer: bounds.transactions });
  });

  it('a strategy is offered 100 transactions at first, and 10,000 at most', () => {
    const { bounds, firstOffer } = resolve({ batching: () => 1 });
    expect(bounds).toEqual({ transactions: 10_000, entries: 10_000 });
    expect(firstOffer).toBe(100);
  });

  it('accepts the bounds themselves', () => {
    const retry = { baseMs: 1, maxMs: 1, jitter: 0, timeoutMs: 1 };
    expect(resolve({ retry }).retry).toMatchObject(retry);
    expect(resolve({ retry: { jitter: 1, timeoutMs: 2 ** 31 - 1 } }).retry.jitter).toBe(1);
  });
});

const NOT_FUNCTIONS = [null, 1, 'text', {}, []];
const NOT_OBJECTS = [null, 1, 'text', true];
const rows = (option: string, values: readonly unknown[], make: (value: unknown) => object) =>
  values.map((value): [string, string, object] => [
    option,
    JSON.stringify(value) ?? String(value),
    make(value),
  ]);

describe('a wrong option is a TypeError that names it', () => {
  it.each(['endpoint', 'credentials', 'transport'])('%s missing', (option) => {
    const { [option]: _, ...others } = REQUIRED as unknown as Record<string, unknown>;
    expect(() => resolveOptions(others as never)).toThrow(TypeError);
    expect(() => resolveOptions(others as never)).toThrow(`"${option}"`);
  });

  it.each([undefined, null, 1, 'text'])('all of them: %j', (options) => {
    expect(() => resolveOptions(options as never)).toThrow(TypeError);
    expect(() => resolveOptions(options as never)).toThrow('"options"');
  });

  it.each<[string, object]>([
    ['endPoint', { endPoint: '' }],
    ['rejection', { rejection: () => 'hold' }],
    ['transforms', { transforms: [] }],
    ['retry.base', { retry: { base: 5 } }],
    ['retry.ambiguous.times', { retry: { ambiguous: { attempts: 1, minMs: 1, times: 1 } } }],
    ['batching.maxTransaction', { batching: { maxTransaction: 5 } }],
  ])('%s, which there is none of', (option, options) => {
    expect(() => resolve(options)).toThrow(TypeError);
    expect(() => resolve(options)).toThrow(`there is no option "${option}"`);
  });

  it.each([
    ...rows(
      'endpoint',
      ['', 'my.powersync.example', '/api', 'ftp://x', 'https://', 'https:///x', 1, null],
      (endpoint) => ({ endpoint }),
    ),
    ...rows('credentials', NOT_FUNCTIONS, (credentials) => ({ credentials })),
    ...rows('transport', NOT_FUNCTIONS, (transport) => ({ transport })),
    ...rows('rejections', NOT_FUNCTIONS, (rejections) => ({ rejections })),
    ...rows('classify', NOT_FUNCTIONS, (classify) => ({ classify })),
    ...rows('clock', NOT_FUNCTIONS, (clock) => ({ clock })),
    ...rows('random', NOT_FUNCTIONS, (random) => ({ random })),
    ...rows('transform', [null, 1, 'text', {}], (transform) => ({ transform })),
    ...rows('transform', [null, undefined, 1, []], (transform) => ({
      transform: [(entries: never) => entries, transform],
    })),
    ...rows('retry', NOT_OBJECTS, (retry) => ({ retry })),
    ...rows('retry.baseMs', [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5', null], (baseMs) => ({
      retry: { baseMs },
    })),
    ...rows('retry.maxMs', [0, 4999, Number.NaN, Number.POSITIVE_INFINITY, '5'], (maxMs) => ({
      retry: { maxMs },
    })),
    ...rows('retry.jitter', [-0.1, 1.1, Number.NaN, '0'], (jitter) => ({ retry: { jitter } })),
    ...rows('retry.timeoutMs', [0, -1, 2 ** 31, Number.NaN, '5'], (timeoutMs) => ({ retry: { timeoutMs } })),
    ...rows('retry.ambiguous', [true, 1, 'text'], (ambiguous) => ({ retry: { ambiguous } })),
    ...rows('retry.ambiguous.attempts', [undefined, 0, '5'], (attempts) => ({
      retry: { ambiguous: { attempts, minMs: 0 } },
    })),
    ...rows('retry.ambiguous.minMs', [undefined, -1, '5'], (minMs) => ({
      retry: { ambiguous: { attempts: 1, minMs } },
    })),
    ...rows('batching', NOT_OBJECTS, (batching) => ({ batching })),
    ...rows(
      'batching.maxTransactions',
      [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5'],
      (maxTransactions) => ({ batching: { maxTransactions } }),
    ),
    ...rows('batching.maxEntries', [0, -1, Number.NaN, '5', null], (maxEntries) => ({
      batching: { maxEntries },
    })),
    // SQLite takes no fraction for the LIMIT that these two become: every upload would fail.
    ...rows('batching.maxTransactions', [1.25], (maxTransactions) => ({ batching: { maxTransactions } })),
    ...rows('batching.maxEntries', [1.5], (maxEntries) => ({ batching: { maxEntries } })),
    ...rows('tokenCache', NOT_OBJECTS, (tokenCache) => ({ tokenCache })),
    ...rows('tokenCache.get', [undefined, 1], (get) => ({ tokenCache: { get, set: () => {} } })),
    ...rows('tokenCache.set', [undefined, 1], (set) => ({ tokenCache: { get: () => null, set } })),
  ])('%s: %s', (option, _, options) => {
    expect(() => resolve(options)).toThrow(TypeError);
    expect(() => resolve(options)).toThrow(`"${option}"`);
  });

  it('says what a transform is, and where its function is when it is given in an object', () => {
    const what = 'BackendConnector: option "transform" must be a function of the entries, or a list of them';
    expect(() => resolve({ transform: [1] })).toThrow(new TypeError(`${what}; got 1.`));
    expect(() => resolve({ transform: { transaction: () => [] } })).toThrow(
      new TypeError(`${what} (give the function "transaction" itself, without the object); got object.`),
    );
  });

  it('shows a wrong value only where it cannot be a secret', () => {
    expect(() => resolve({ credentials: { token: 'SECRET' } })).not.toThrow('SECRET');
    expect(() => resolve({ tokenCache: { get: 'SECRET' } })).toThrow('tokenCache.get');
  });
});

it.each<[string, object]>([
  [
    'an endpoint that is a URL object: the SDK wants text',
    { endpoint: new URL('https://my.powersync.example') },
  ],
  ['an endpoint with something before it', { endpoint: 'at https://my.powersync.example' }],
  ['postCheckpointRequest that is no function', { postCheckpointRequest: 'https://api.example.com' }],
])('refuses %s', (_, options) => {
  expect(() => resolve(options)).toThrow(new RegExp(`option "${Object.keys(options)[0]}" must be`));
});
