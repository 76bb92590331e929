import type { ConnectTransport, WriteServiceOptions } from 'powersync-backend-connector/connect';
import { writeService } from 'powersync-backend-connector/connect';
import { describe, expect, it } from 'vitest';
import { batch, context, failureOf } from '../../http/support.ts';

/** A transport that remembers its calls, and answers with this message. */
function fake(message: unknown = { results: [{ status: 1 }] }) {
  const calls: { timeoutMs: number | undefined; header: Headers }[] = [];
  const transport: ConnectTransport = {
    async unary(_method, _signal, timeoutMs, header) {
      calls.push({ timeoutMs, header });
      return { message, header: new Headers() };
    },
  };
  return { transport, calls };
}

describe('writeService(): options', () => {
  const { transport } = fake();

  it.each<[string, object, RegExp]>([
    ['no transport', { transport: undefined }, /"transport" must be a transport of @connectrpc\/connect/],
    ['a URL as transport', { transport: 'https://api.example.com' }, /"transport"/],
    ['a misspelt option', { maxBytes: 1 }, /no option "maxBytes"/],
    ['no transactions', { maxTransactions: 0 }, /"maxTransactions"/],
    ['part of a byte', { maxMessageBytes: 1.5 }, /"maxMessageBytes"/],
    ['text for a switch', { keysAsMetadata: 'no' }, /"keysAsMetadata" must be true or false/],
    ['headers that are text', { headers: 'a: b' }, /"headers"/],
    ['another authorization', { authorization: 'basic' }, /"authorization"/],
    ['a code that is none', { errorCodes: { X: 'gone' } }, /"errorCodes.X"/],
  ])('%s is a TypeError that names it', (_, options, message) => {
    const make = () => writeService({ transport, ...options } as WriteServiceOptions);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });

  it('undefined is the default', async () => {
    const options = { headers: undefined, maxTransactions: undefined, keysAsMetadata: undefined };
    expect(await writeService({ transport, ...options })(batch('a'), context())).toEqual([
      { status: 'applied' },
    ]);
  });
});

describe('writeService(): the call', () => {
  it.each<[number | undefined, number | undefined]>([
    [1_500, 1_500],
    [0.5, 1],
    [0, 1],
    [-5, 1],
    [1e12, 99_999_999],
    [undefined, undefined],
  ])('with %s ms left, its deadline is %s', async (left, timeoutMs) => {
    const { transport, calls } = fake();
    const changes = left === undefined ? {} : { timeLeftMs: () => left };
    await writeService({ transport })(batch('a'), context(changes));
    expect(calls[0]?.timeoutMs).toBe(timeoutMs);
  });

  it.each<[string, string[], string | null]>([
    ['plain keys', ['a:1-2:ff', 'b:3-3:00'], 'a:1-2:ff, b:3-3:00'],
    ['a key with a comma', ['a', 'b,c'], null],
    ['a key with a space', ['a b'], null],
    ['a key that is no ASCII', ['ä'], null],
    ['no key', [''], null],
    ['keys that are too long together', ['a'.repeat(2_000), 'b'.repeat(2_000)], null],
  ])('%s: idempotency-key metadata is right or absent', async (_, keys, expected) => {
    const { transport, calls } = fake({ results: keys.map(() => ({ status: 1 })) });
    const transactions = batch(...keys).transactions.map((each, index) => ({
      ...each,
      key: keys[index] ?? '',
    }));
    await writeService({ transport })({ transactions }, context());
    expect(calls[0]?.header.get('idempotency-key')).toBe(expected);
  });

  it('reads codes of the app', async () => {
    const failed = {
      status: 3,
      requiresClientHandling: false,
      failedOperation: { errorCode: 'APP_TOO_OLD' },
    };
    const { transport } = fake({ results: [failed] });
    const errorCodes = { APP_TOO_OLD: 'update_required' } as const;
    expect(await writeService({ transport, errorCodes })(batch('a'), context())).toMatchObject([
      { status: 'rejected', error: { code: 'update_required' } },
    ]);
  });

  it.each([undefined, null, 5, 'text', {}, { results: null }, { results: {} }])(
    'an answer that is %j says nothing',
    async (message) => {
      const { transport } = fake(message ?? { results: message });
      expect((await failureOf(writeService({ transport })(batch('a'), context()))).code).toBe(
        'misconfigured',
      );
    },
  );
});
