// The network between the apps and the backend. It loses requests and answers, delays some, and delivers old copies.

import type { Dice, Scheduler } from './scheduler.ts';
import { type Answer, SERVER_FAULTS, type Server, type ServerFault, type Unit } from './server.ts';

const NETWORK_FAULTS = ['drop before', 'drop after', 'hang', 'hang after', 'late'] as const;

/** What can go wrong with one request. */
export const FAULTS = [...NETWORK_FAULTS, ...SERVER_FAULTS];
export type Fault = (typeof FAULTS)[number];

/** How long a request hangs at most. After that, a platform without its own time-out gives up. */
export const HANG_MS = 12_000;

export class Network {
  /** Faults for the next requests, one each. */
  readonly faults: Fault[] = [];
  /** Faults for as long as a bad deployment lasts. */
  deployment: ServerFault | undefined;
  readonly #scheduler: Scheduler;
  readonly #dice: Dice;
  readonly #server: Server;

  constructor(scheduler: Scheduler, random: Dice, server: Server) {
    this.#scheduler = scheduler;
    this.#dice = random;
    this.#server = server;
  }

  /** Resolves with the answer, or rejects as `fetch` does. It takes no signal: see {@link untilAborted}. */
  async send(units: readonly Unit[], user: string): Promise<Answer> {
    const fault = this.faults.shift();
    const serverFault = isNetworkFault(fault) ? undefined : fault;
    const at = this.#scheduler.now;
    const answer = (isLate = false): Answer =>
      this.#server.answer(units, user, this.deployment ?? serverFault, { at, isLate });
    if (fault === 'late') {
      this.#scheduler.after(500 + this.#dice.below(30_000), () => answer(true));
      await this.#scheduler.sleep(this.#dice.pick([10, 2_000, HANG_MS]));
      throw failed();
    }
    await this.#trip();
    if (fault === 'drop before') throw failed();
    if (fault === 'hang') return this.#hang();
    const answered = answer();
    await this.#trip();
    if (fault === 'drop after') throw failed();
    if (fault === 'hang after') return this.#hang();
    return answered;
  }

  #trip(): Promise<void> {
    return this.#scheduler.sleep(1 + this.#dice.below(40));
  }

  async #hang(): Promise<never> {
    await this.#scheduler.sleep(HANG_MS);
    throw failed();
  }
}

function isNetworkFault(fault: Fault | undefined): fault is (typeof NETWORK_FAULTS)[number] {
  return (NETWORK_FAULTS as readonly (Fault | undefined)[]).includes(fault);
}

function failed(): TypeError {
  return new TypeError('fetch failed');
}

/** Gives up a request when the signal is aborted, as `fetch` does. What was sent may still arrive. */
export function untilAborted<T>(request: Promise<T>, signal: AbortSignal): Promise<T> {
  request.catch(() => {});
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(Object.assign(new Error('aborted'), { name: 'AbortError' }));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    request.then(resolve, reject);
  });
}
