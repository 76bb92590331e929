import { type ClientRequest, request as httpRequest } from 'node:http';

/**
 * As much of an XMLHttpRequest as whatwg-fetch uses, on Node. Like React Native's it follows every redirect itself, and
 * hands out a body only when it is complete.
 */
export class XMLHttpRequest {
  readyState = 0;
  status = 0;
  statusText = '';
  responseURL = '';
  responseType = '';
  response: ArrayBuffer | null = null;
  withCredentials = false;
  onload = (): void => {};
  onerror = (): void => {};
  onabort = (): void => {};
  ontimeout = (): void => {};
  onreadystatechange = (): void => {};
  #method = 'GET';
  #url = '';
  #headers: Record<string, string> = {};
  #answered: string[] = [];
  #request: ClientRequest | undefined;

  open(method: string, url: string): void {
    this.#method = method;
    this.#url = url;
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  getAllResponseHeaders(): string {
    return this.#answered.join('\r\n');
  }

  send(body: string | null): void {
    const { promise, resolve, reject } = withResolvers<void>();
    this.#request = httpRequest(this.#url, { method: this.#method, headers: this.#headers }, (answer) => {
      const { statusCode = 0, headers } = answer;
      if (statusCode >= 300 && statusCode < 400 && headers.location) {
        answer.resume();
        this.#url = headers.location.startsWith('/')
          ? `${/^\w+:\/\/[^/]+/.exec(this.#url)}${headers.location}`
          : headers.location;
        const keepsMethod = statusCode === 307 || statusCode === 308;
        if (!keepsMethod) this.#method = 'GET';
        this.send(keepsMethod ? body : null);
        return;
      }
      const chunks: Uint8Array[] = [];
      answer.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        this.status = statusCode;
        this.statusText = answer.statusMessage ?? '';
        this.responseURL = this.#url;
        this.#answered = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
        const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
        let at = 0;
        for (const chunk of chunks) {
          bytes.set(chunk, at);
          at += chunk.length;
        }
        this.response = bytes.buffer;
        resolve();
      });
    });
    this.#request.on('error', reject);
    promise.then(
      () => this.#end(() => this.onload()),
      () => this.#end(() => this.onerror()),
    );
    this.#request.end(body ?? undefined);
  }

  abort(): void {
    this.#request?.destroy();
    this.#end(() => this.onabort());
  }

  #end(tell: () => void): void {
    if (this.readyState === 4) return;
    this.readyState = 4;
    this.onreadystatechange();
    tell();
  }
}

/** `Promise.withResolvers()`, which this host lacks. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
