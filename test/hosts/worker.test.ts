import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { entries, root } from './install-package.ts';
import type { tellStory } from './story.ts';
import { HAPPY_END, startStoryBackend } from './story-backend.ts';

/** What a worker without a document has, of a service worker or an edge function. Nothing of it is of Node. */
const WORKER = {
  ...{
    fetch,
    Headers,
    Request,
    Response,
    AbortController,
    AbortSignal,
    URL,
    URLSearchParams,
    FormData,
    Blob,
  },
  ...{ ReadableStream, WritableStream, TransformStream, TextEncoder, TextDecoder, DOMException, console },
  ...{ setTimeout, clearTimeout, queueMicrotask, structuredClone, atob, btoa, performance, crypto },
};

it('a worker without DOM imports every entry, and uploads', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `${entries.map((entry) => `import '${entry}';`).join('\n')} export * from './test/hosts/story.ts';`,
      resolveDir: root,
    },
    bundle: true,
    format: 'iife',
    globalName: 'story',
    ignoreAnnotations: true,
    target: 'es2022',
    tsconfig: 'tsconfig.json',
    write: false,
  });
  const worker = createContext({ ...WORKER });
  runInContext('globalThis.self = globalThis', worker);
  runInContext(outputFiles[0]?.text ?? '', worker);
  const { tellStory: tell } = worker.story as { tellStory: typeof tellStory };

  const backend = await startStoryBackend();
  try {
    // Through JSON, since the context has an Object of its own.
    expect(JSON.parse(JSON.stringify(await tell(backend.url, backend.nobody)))).toEqual(HAPPY_END);
    expect(backend.applied).toEqual(['first: Milk 🥛', 'last: Bread']);
    await backend.abandoned();
  } finally {
    await backend.close();
  }
});
