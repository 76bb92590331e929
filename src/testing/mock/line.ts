import type { PlatformAbortSignal } from '../../transport/platform.ts';

/** The way to the backend: it may be cut, slow, or frozen. */
export function createLine() {
  let isCut = false;
  let delayMs = 0;
  let isFrozen = false;
  let era = 0; // counted up by reset(): what is on its way then arrives nowhere
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
    /** Waits as long as a request does on this line. False: it was lost on its way. Rejects when it is aborted. */
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

/** Resolves once `begin` says so; rejects when the signal is aborted first. `begin` returns what ends the waiting. */
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

/** What `fetch` rejects with; by hand, since React Native has no DOMException everywhere. */
function abortError(): Error {
  return Object.assign(new Error('The operation was aborted.'), { name: 'AbortError' });
}
