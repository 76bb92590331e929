import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { appEntries, root } from './install-package.ts';

const BINARY = { linux: 'linux64-bin/hermesc', darwin: 'osx-bin/hermesc', win32: 'win64-bin/hermesc.exe' };
const hermesc = join(
  root,
  'node_modules/hermes-compiler/hermesc',
  BINARY[process.platform as keyof typeof BINARY] ?? '',
);
const isMissing = spawnSync(hermesc, ['--version']).status !== 0;

/** What code may name, or ask of `globalThis`: with React Native 0.76 and later it is there, or it is done without. */
interface Allowed {
  globals?: string[];
  asked?: string[];
  members?: string[];
}

const EVERYWHERE: Allowed = {
  globals: ['AbortController', 'Headers', 'Promise', 'clearTimeout', 'console', 'setTimeout'],
  asked: ['console', 'fetch', 'location', 'navigator'],
};

/** Further, by the package or entry that does it. */
const ALLOWED: Record<string, Allowed> = {
  'powersync-backend-connector/testing': { globals: ['Request', 'Response', 'URLSearchParams'] },
  // `process.env.NODE_ENV`, which bundlers replace. It stands in a `try`, for what has no process.
  'powersync-backend-connector/presets': { globals: ['process'] },
  '@bufbuild/protobuf': { asked: ['Bun', 'Deno'] }, // Which host is it on?
  ky: {
    globals: [
      ...['Blob', 'FormData', 'Request', 'Response', 'URL', 'URLSearchParams'], // as classes, in instanceof
      ...['AbortSignal', 'TextDecoder', 'TransformStream'], // only where there is an any(), or a stream of the answer
    ],
    asked: [
      ...['AbortController', 'AbortSignal', 'FormData', 'Headers', 'ReadableStream', 'Request', 'Response'],
      'performance',
    ],
    // With options that createHttpClient() doesn't give: `baseUrl`, `searchParams`, retries.
    members: ['AbortSignal.any', '.throwIfAborted', 'signal.reason', 'new URL(', '.searchParams'],
  },
};

/** What Hermes, or React Native up to 0.86, lacks or does in a way of its own. */
const MISSING = [
  /AbortSignal\.(any|timeout|abort)\b|\.throwIfAborted\b|\bsignal\.reason\b/,
  /\bArray\.fromAsync\b|\bPromise\.(withResolvers|try)\b|\b(Object|Map)\.groupBy\b/,
  /\.(toSorted|toReversed|toSpliced|findLast|findLastIndex|isWellFormed|toWellFormed)\(/,
  /\bfor await\b|\bcrypto\.|\bnew URL\(|\.searchParams\b/,
];

const folder = mkdtempSync(join(tmpdir(), 'hermes-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(isMissing && !process.env.CI)(
  isMissing ? "Hermes' compiler: its npm package has no binary for this platform" : "Hermes' compiler",
  () => {
    it.each(appEntries)('compiles %s, which uses nothing that React Native lacks', async (entry) => {
      const { code, packages } = await bundle(`export * from '${entry}';`);
      expect(inspect(code, [entry, ...packages])).toEqual({
        errors: '',
        globals: [],
        asked: [],
        members: [],
      });
    });

    it.each([
      ['structuredClone({})', { globals: ['structuredClone'] }],
      ['new BroadcastChannel("x")', { globals: ['BroadcastChannel'] }],
      ['globalThis.localStorage?.clear()', { asked: ['localStorage'] }],
      ['typeof crypto === "object" && crypto.randomUUID()', { members: ['crypto.'] }],
      ['new AbortController().signal.reason', { members: ['signal.reason'] }],
      ['AbortSignal.timeout(1)', { globals: ['AbortSignal'], members: ['AbortSignal.timeout'] }],
      ['Promise.withResolvers()', { members: ['Promise.withResolvers'] }],
      ['[].toSorted()', { members: ['.toSorted('] }],
      ['async () => { for await (const each of []) console.log(each) }', { members: ['for await'] }],
      ['(async function* () {})()', { errors: expect.stringContaining('async generators are unsupported') }],
    ])('would tell of %s', async (planted, found) => {
      const { code } = await bundle(`export const planted = () => ${planted};`);
      expect(inspect(code)).toEqual({ errors: '', globals: [], asked: [], members: [], ...found });
    });
  },
);

/** All of the module, and of every package that it reaches, as one script. */
async function bundle(contents: string): Promise<{ code: string; packages: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    format: 'iife',
    globalName: 'bundled',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
    tsconfig: 'tsconfig.json',
    ignoreAnnotations: true, // as Metro, which drops nothing
    legalComments: 'none',
    metafile: true,
    write: false,
  });
  const inputs = Object.keys(metafile.inputs);
  const packages = inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? '');
  return { code: outputFiles[0]?.text ?? '', packages: [...new Set(packages)] };
}

/** What the compiler says of a script, and what its text names that isn't allowed. */
function inspect(code: string, causes: readonly string[] = []) {
  const script = join(folder, 'script.js');
  writeFileSync(script, code);
  const flags = ['-strict', '-O', '-Wundefined-variable', '-emit-binary', '-out', join(folder, 'script.hbc')];
  const { status, stderr } = spawnSync(hermesc, [...flags, script], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const allowed = [EVERYWHERE, ...causes.map((cause) => ALLOWED[cause] ?? {})];
  const forbidden = (text: string, pattern: RegExp, kind: keyof Allowed): string[] => {
    const found = new Set([...text.matchAll(pattern)].map(({ 0: whole, groups }) => groups?.name ?? whole));
    return [...found].filter((name) => !allowed.some((each) => each[kind]?.includes(name)));
  };
  return {
    errors: status === 0 ? '' : stderr,
    globals: forbidden(stderr, /the variable "(?<name>[^"]+)" was not declared/g, 'globals'),
    asked: forbidden(code, /\bglobalThis\??\.(?<name>\w+)/g, 'asked'),
    members: MISSING.flatMap(({ source }) => forbidden(code, new RegExp(source, 'g'), 'members')),
  };
}
