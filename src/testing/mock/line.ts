import type { PlatformAbortSignal } from '../../transport/platform.ts';

/** The line to the backend. It can be cut, slow or frozen. */
export function createLine() {
  let isCut = false;
  let delayMs = 0;
  let isFrozen = false;
  let era = 0; // increased by reset(), so that requests on their way are lost
  const waiting = new Set<() => void>();

  function release(): void {
    isFrozen = false;
    for (const go of [...waiting]) go();
  }

  return {
    get isCut() {
      return isCut;
    },
    cut(cut: boolean) {
      isCut = cut;
    },
    slow(ms: number) {
      delayMs = ms;
    },
    freeze() {
      isFrozen = true;
    },
    release,
    /** Waits while a request is on its way. Returns false if the request is lost. Rejects if it is aborted. */
    async pass(signal: PlatformAbortSignal | undefined): Promise<boolean> {
      const begunIn = era;
      if (isFrozen) {
        await untilDone(signal, (done) => {
          waiting.add(done);
          return () => waiting.delete(done);
        });
      }
      if (delayMs > 0) {
        await untilDone(signal, (done) => {
          const timer = setTimeout(done, delayMs);
          return () => clearTimeout(timer);
        });
      }
      return era === begunIn && !isCut;
    },
    reset() {
      era++;
      isCut = false;
      delayMs = 0;
      release();
    },
  };
}

/**
 * Resolves when `begin` calls `done`. Rejects if the signal is aborted first. `begin` returns a function that stops the
 * wait.
 */
function untilDone(
  signal: PlatformAbortSignal | undefined,
  begin: (done: () => void) => () => unknown,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (how: () => void) => () => {
      stop();
      signal?.removeEventListener('abort', abort);
      how();
    };
    const abort = settle(() => reject(abortError()));
    const stop = begin(settle(resolve));
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
  });
}

/** Makes the error of an aborted `fetch`. Some versions of React Native have no `DOMException`. */
function abortError(): Error {
  return Object.assign(new Error('The operation was aborted.'), { name: 'AbortError' });
}
