// The network switch of this demo. A real app has no such file: it gives `fetch` as it is.
//
// It reaches what the app itself sends: uploads and the request for a token. The sync stream runs in a worker of the SDK,
// so the session disconnects it while the switch is at "offline".

import { createStore } from './store.ts';

export type Network = 'online' | 'slow' | 'offline';

export const network = createStore<Network>('online');

const SLOW_MS = 1_500;
let cut = new AbortController();

export function setNetwork(next: Network): void {
  const previous = network.get();
  network.set(next);
  if (next === 'offline') cut.abort(); // what is under way breaks off
  if (previous !== 'offline' || next === 'offline') return;
  cut = new AbortController();
  window.dispatchEvent(new Event('online')); // as a browser tells of it
}

/** `fetch`, as fast as the switch says; offline, it fails as that of a browser does. */
export const appFetch: typeof fetch = async (input, init) => {
  const request = new Request(input, init);
  const signal = AbortSignal.any([request.signal, cut.signal]);
  const broken = cut.signal;
  try {
    if (network.get() === 'slow') await pause(SLOW_MS, signal);
    signal.throwIfAborted();
    return await fetch(request, { signal });
  } catch (error) {
    throw broken.aborted ? new TypeError('Failed to fetch') : error;
  }
};

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
