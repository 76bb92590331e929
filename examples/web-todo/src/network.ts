// The network switch of this demo. A real app doesn't need this file: it uses `fetch` directly.
//
// It affects what the app itself sends: uploads and requests for a token. The sync stream runs in a worker of the SDK,
// so session.ts disconnects it while the switch is at "offline".

import { createStore } from './store.ts';

export type Network = 'online' | 'slow' | 'offline';

export const network = createStore<Network>('online');

const SLOW_MS = 1_500;
let cut = new AbortController();

export function setNetwork(next: Network): void {
  const previous = network.get();
  network.set(next);
  if (next === 'offline') cut.abort(); // aborts running requests
  if (previous !== 'offline' || next === 'offline') return;
  cut = new AbortController();
  window.dispatchEvent(new Event('online')); // the event that a browser sends
}

/** `fetch`, at the speed of the switch. At "offline" it fails as in a browser. */
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
