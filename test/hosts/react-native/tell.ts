// The program of ../tell.ts on something like React Native 0.76–0.86: of Node's globals only those stay that its engine
// has too, and the platform's are what React Native makes them of, the packages whatwg-fetch and abort-controller.
import { XMLHttpRequest } from './xml-http-request.ts';

const { argv, stdout } = process;
const { setTimeout: startTimer, clearTimeout: stopTimer, TextDecoder } = globalThis;

/** Of the language, in Hermes: no FinalizationRegistry, Atomics, SharedArrayBuffer, Iterator. */
const LANGUAGE = `
  globalThis Infinity NaN undefined eval parseInt parseFloat isNaN isFinite escape unescape
  decodeURI decodeURIComponent encodeURI encodeURIComponent
  Object Function Boolean Symbol Number BigInt Math Date String RegExp JSON Intl Proxy Reflect Promise
  Array Map Set WeakMap WeakSet WeakRef ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array
  Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array
  Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError
`;
const PLATFORM = 'console queueMicrotask setInterval clearInterval FormData Blob TextEncoder';
const KEPT = new Set(`${LANGUAGE} ${PLATFORM}`.split(/\s+/));

/** Members newer than ES2022. */
const NEWER: [object, string[]][] = [
  [Array, ['fromAsync']],
  [Array.prototype, ['toSorted', 'toReversed', 'toSpliced', 'with', 'findLast', 'findLastIndex']],
  [Promise, ['withResolvers', 'try']],
  [Object, ['groupBy']],
  [Map, ['groupBy']],
  [Set.prototype, ['union', 'intersection', 'difference', 'isSubsetOf', 'isSupersetOf', 'isDisjointFrom']],
  [String.prototype, ['isWellFormed', 'toWellFormed']],
  [
    Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
    ['map', 'filter', 'toArray', 'forEach'],
  ],
  [Uint8Array, ['fromBase64', 'fromHex']],
  [RegExp, ['escape']],
  [Error, ['isError']],
];

function change(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

/** What is there, and of no use: as a class it can be asked for, as in `instanceof`. */
function useless(name: string): void {
  change(
    name,
    class {
      constructor() {
        throw new Error(`${name} is not to be relied on in React Native`);
      }
    },
  );
}

await import('node:http'); // of XMLHttpRequest, with all that it loads lazily
for (const name of Object.getOwnPropertyNames(globalThis)) {
  if (KEPT.has(name)) continue;
  if (!Reflect.deleteProperty(globalThis, name)) throw new Error(`Node keeps ${name}`);
}
for (const [owner, names] of NEWER) for (const name of names) Reflect.deleteProperty(owner, name);
change('setTimeout', (callback: () => void, ms?: number, ...values: []) =>
  Number(startTimer(callback, ms, ...values)),
);
change('clearTimeout', stopTimer);
useless('URL');
useless('URLSearchParams');
for (const name of ['window', 'self', 'global']) change(name, globalThis);
change('navigator', { product: 'ReactNative' });
change('process', { env: { NODE_ENV: 'production' } });
change('XMLHttpRequest', XMLHttpRequest);
const { AbortController, AbortSignal } = await import('abort-controller');
change('AbortController', AbortController);
change('AbortSignal', AbortSignal);
await import('whatwg-fetch' as string);

const [, , url = '', nobody = '', ...entries] = argv;
for (const entry of entries) await importEntry(entry);
const { tellStory } = await import('../story.ts');
stdout.write(`${JSON.stringify(await tellStory(url, nobody))}\n`);

/** gRPC messages need a TextDecoder, which an app has from Expo, from React Native 0.85, or brings along. */
async function importEntry(entry: string): Promise<void> {
  const needsDecoder = entry.endsWith('/connect');
  if (needsDecoder) change('TextDecoder', TextDecoder);
  await import(entry);
  if (needsDecoder) Reflect.deleteProperty(globalThis, 'TextDecoder');
}
