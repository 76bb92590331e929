import { optionChecks } from '../check-options.ts';
import type { PlatformFetch } from '../transport/platform.ts';
import type {
  BackendAnswer,
  ConnectorBackend,
  ContractLogin,
  ReceivedTransaction,
} from './connector/setup.ts';

/** A request as `scriptedBackend()` hands it on. */
export interface ScriptedRequest {
  readonly method: string;
  readonly url: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer in the form of your backend's contract. */
export interface ScriptedAnswer {
  /** Default 200. */
  readonly status?: number | undefined;
  /** Text, or what JSON is made of. Default: none. */
  readonly body?: unknown;
}

/** Options of {@link scriptedBackend}: your backend's contract, in two functions. */
export interface ScriptedBackendOptions {
  /** The transactions in a request; where one carries a single entry, that as the only one. */
  readonly read: (request: ScriptedRequest) => readonly ReceivedTransaction[];
  /** The answer: for each of them, whether it was applied (true), or refused for good (false). */
  readonly answer: (areApplied: readonly boolean[], request: ScriptedRequest) => ScriptedAnswer;
  /** Whether a request is applied as a whole: one refused transaction then refuses all. Default false. */
  readonly isAtomic?: boolean | undefined;
}

/** What {@link scriptedBackend} returns. */
export interface ScriptedBackend extends ConnectorBackend {
  /** For the connector, in place of the platform's. */
  readonly fetch: PlatformFetch;
}

/**
 * A backend for `connectorContract`, behind a `fetch`: it does what a case asks for, and speaks your contract as far as
 * you say. See `connectorContract` for an example.
 *
 * @throws TypeError naming the option that is misspelt or wrong.
 */
export function scriptedBackend(options: ScriptedBackendOptions): ScriptedBackend {
  const { object, fn, noOthers } = optionChecks('scriptedBackend');
  const { read, answer: inItsForm, isAtomic = false, ...others } = object('options', options);
  noOthers('', others);
  fn('read', read);
  fn('answer', inItsForm);
  const script: BackendAnswer[] = [];
  const refused = new Set<string>();
  const received: ReceivedTransaction[] = [];
  const applied: string[] = [];

  function judge(transactions: readonly ReceivedTransaction[]): boolean[] {
    const areGood = transactions.map(({ rows }) => !rows.some((row) => refused.has(row)));
    return isAtomic && areGood.includes(false) ? areGood.map(() => false) : areGood;
  }

  function apply(transactions: readonly ReceivedTransaction[], request: ScriptedRequest): Response {
    const areApplied = judge(transactions);
    applied.push(...transactions.flatMap(({ rows }, index) => (areApplied[index] ? rows : [])));
    return toResponse(inItsForm(areApplied, request));
  }

  async function fetch(input: RequestInfo, init?: RequestInit): Promise<Response> {
    const raw = new Request(input, init);
    const headers: Record<string, string> = {};
    raw.headers.forEach((value, name) => {
      headers[name] = value;
    });
    const request = { method: raw.method, url: raw.url, headers, body: await raw.text() };
    const becomes = script.shift() ?? backend.otherwise;
    if (becomes === 'offline') throw lost();
    const transactions = read(request);
    received.push(...transactions);
    await backend.onRequest?.(transactions);
    switch (becomes) {
      case 'apply':
        return apply(transactions, request);
      case 'reply_lost':
        apply(transactions, request);
        throw lost();
      case 'truncated':
        return truncated(inItsForm(judge(transactions), request));
      case 'html':
        return new Response(PAGE, { headers: { 'content-type': 'text/html' } });
      case 'unavailable':
        return toResponse({ status: 503, body: { error: 'unavailable' } });
      case 'unauthenticated':
        return toResponse({ status: 401, body: { error: 'unauthenticated' } });
      case 'hang':
        return untilAborted(raw.signal);
    }
  }

  const backend: ScriptedBackend = {
    fetch: fetch as PlatformFetch,
    answer: (...answers) => void script.push(...answers),
    otherwise: 'apply',
    refuse: (row) => void refused.add(row),
    onRequest: undefined,
    received,
    applied,
  };
  return backend;
}

const PAGE = '<!doctype html><title>Sign in to this network</title><p>Welcome.';

function toResponse({ status = 200, body }: ScriptedAnswer): Response {
  if (body === undefined) return new Response(null, { status });
  const isText = typeof body === 'string';
  const headers = { 'content-type': isText ? 'text/plain' : 'application/json' };
  return new Response(isText ? body : JSON.stringify(body), { status, headers });
}

/** Without a body there is no half of it: then the connection breaks. */
async function truncated(answer: ScriptedAnswer): Promise<Response> {
  const whole = toResponse(answer);
  const text = await whole.text();
  if (text === '') throw lost();
  return new Response(text.slice(0, text.length / 2), { status: whole.status, headers: whole.headers });
}

function lost(): TypeError {
  return new TypeError('Failed to fetch');
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(Object.assign(new Error('Aborted.'), { name: 'AbortError' }));
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
  });
}

/** What {@link scriptedLogin} returns. */
export interface ScriptedLogin extends ContractLogin {
  /** The token as text, null when signed out: for a connector of your own. Throws while that can't be known. */
  getToken(): Promise<string | null>;
  /** The same for the option `credentials` of `BackendConnector`. */
  credentials(): Promise<{ token: string } | null>;
}

/**
 * A sign-in for `connectorContract`: somebody is signed in until a case wants it otherwise. See there for an example.
 *
 * @param token Default `'token'`.
 */
export function scriptedLogin(token: string = 'token'): ScriptedLogin {
  let calls = 0;
  const login: ScriptedLogin = {
    token,
    get calls() {
      return calls;
    },
    async getToken() {
      calls++;
      await new Promise((resolve) => setTimeout(resolve, 1)); // so that somebody else can ask meanwhile
      if (login.token instanceof Error) throw login.token;
      return login.token;
    },
    async credentials() {
      const current = await login.getToken();
      return current === null ? null : { token: current };
    },
  };
  return login;
}
