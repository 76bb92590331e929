import { optionChecks } from '../check-options.ts';
import type { PlatformFetch } from '../transport/platform.ts';
import type {
  BackendAnswer,
  ConnectorBackend,
  ContractLogin,
  ReceivedTransaction,
} from './connector/setup.ts';

/** A request that {@link scriptedBackend} got. */
export interface ScriptedRequest {
  /** HTTP method of the request. */
  readonly method: string;
  /** URL of the request. */
  readonly url: string;
  /** Headers of the request, by name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Body of the request, as text. */
  readonly body: string;
}

/** An answer in the form of your backend's contract. */
export interface ScriptedAnswer {
  /**
   * HTTP status.
   *
   * @default 200
   */
  readonly status?: number | undefined;
  /**
   * Body: a text, or a value that is sent as JSON.
   *
   * @default no body
   */
  readonly body?: unknown;
}

/** Options of {@link scriptedBackend}: the protocol of your backend, in two functions. */
export interface ScriptedBackendOptions {
  /** Returns the transactions in a request. If a request carries a single entry, return it as one transaction. */
  readonly read: (request: ScriptedRequest) => readonly ReceivedTransaction[];
  /**
   * Makes the answer. `areApplied` has one value for each transaction: true if it was applied, false if it was refused
   * for good.
   */
  readonly answer: (areApplied: readonly boolean[], request: ScriptedRequest) => ScriptedAnswer;
  /**
   * True: a request is applied as a whole, so one refused transaction refuses all of them.
   *
   * @default false
   */
  readonly isAtomic?: boolean | undefined;
}

/** What {@link scriptedBackend} returns. */
export interface ScriptedBackend extends ConnectorBackend {
  /** Pass it to the connector instead of the platform's `fetch`. */
  readonly fetch: PlatformFetch;
}

/**
 * Makes a backend for {@link connectorContract}, behind a `fetch`. The cases control it, and your two functions read
 * and answer requests in the form of your contract. The page of `connectorContract` has an example.
 *
 * @throws TypeError if an option is misspelt or wrong. The message names the option.
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

/** Returns half of the answer. An answer without a body can't be cut in half, so the connection breaks. */
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
  /** For your own connector: returns the token, or null if nobody is signed in. Throws if a case requires that. */
  getToken(): Promise<string | null>;
  /** For the option `credentials` of `BackendConnector`: returns the token as an object, or null. */
  credentials(): Promise<{ token: string } | null>;
}

/**
 * Makes a sign-in for {@link connectorContract}. Somebody is signed in until a case changes that. The page of
 * `connectorContract` has an example.
 *
 * @param token The token of the user. Default: `'token'`.
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
      await new Promise((resolve) => setTimeout(resolve, 1)); // so that calls can overlap
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
