import { parseJson } from '../../contract/json.ts';
import type { PlatformAbortSignal, PlatformFetch } from '../../transport/platform.ts';
import { toResponse } from './answers.ts';
import type { MockAnswer, MockRequest } from './contract.ts';

/** Answers a request. Returns undefined if the request or the answer is lost. Rejects if the request is aborted. */
export type Handle = (
  request: MockRequest,
  signal: PlatformAbortSignal | undefined,
) => Promise<MockAnswer | undefined>;

export interface FacesOptions {
  readonly who: string;
  readonly url: string;
  readonly isPrefix: boolean;
  readonly handle: Handle;
}

/** Makes a `fetch` and msw handlers for a backend. */
export function createFaces({ who, url, isPrefix, handle }: FacesOptions) {
  const home = withoutQuery(absolute(url));

  function serves(request: Request): boolean {
    const address = withoutQuery(request.url);
    return address === home || (isPrefix && address.startsWith(`${home}/`));
  }

  async function answer(request: Request): Promise<MockAnswer | undefined> {
    const text = await request.clone().text();
    const headers: Record<string, string> = {};
    request.headers.forEach((value, name) => {
      headers[name] = value;
    });
    const { method, url } = request;
    const path = url.slice(home.length);
    return handle({ method, url, path, headers, text, body: parseJson(text) }, request.signal);
  }

  const fetch = async (input: RequestInfo, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    if (!serves(request)) throw new Error(`${who}() answers at ${url}, but was asked for ${request.url}.`);
    const answered = await answer(request);
    if (!answered) throw new TypeError('Failed to fetch');
    return toResponse(answered);
  };

  return {
    fetch: fetch as PlatformFetch,
    handlers: [mswHandler(`${who}() ${url}`, serves, answer)],
  };
}

/**
 * Makes a handler for msw 2 and 3, without msw's `http.all()`.
 *
 * msw is optional. An import that may fail would need a top-level `await import('msw').catch()`. Tools that turn the
 * package into CommonJS (Jest with Babel, Metro) don't support that, and several bundlers fail if msw isn't installed.
 * But msw doesn't check the class of a handler: it calls `run()`, and groups handlers by `kind` (`__kind` in msw 2). So
 * no environment has to import msw, and apps that only use `fetch` don't load it.
 */
function mswHandler(
  header: string,
  serves: (request: Request) => boolean,
  answer: (request: Request) => Promise<MockAnswer | undefined>,
): object {
  const handler = {
    kind: 'request',
    __kind: 'RequestHandler',
    info: { header },
    isUsed: false,
    async run({ request, requestId }: { request: Request; requestId?: string }) {
      if (!serves(request)) return null;
      handler.isUsed = true;
      // An aborted request needs no answer: its sender has aborted it.
      const answered = await answer(request).catch(() => undefined);
      const response = answered ? toResponse(answered) : Response.error();
      return { handler, request, requestId, response, parsedResult: {} };
    },
    parse: async () => ({}),
    predicate: ({ request }: { request: Request }) => serves(request),
    test: async ({ request }: { request: Request }) => serves(request),
    log() {},
    reset() {},
    restore() {},
    dispose() {},
  };
  return handler;
}

/** Resolves a URL as `Request` does: in a web page, relative to the page. */
function absolute(url: string): string {
  try {
    return new Request(url).url;
  } catch {
    return url;
  }
}

function withoutQuery(url: string): string {
  return (url.split(/[?#]/)[0] ?? '').replace(/\/+$/, '');
}
