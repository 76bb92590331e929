import type { Scheduler } from './scheduler.ts';

/** After this time, the connector stores in the database that a request has no answer yet, in case it is killed. */
const SLOW_MS = 600;

/** The state of the last request for each transaction, as far as its process knows. */
export class Flights {
  readonly #last = new Map<string, { readonly since: number; state: 'under way' | 'answered' | 'lost' }>();
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  watch<T>(markers: readonly string[], request: Promise<T>): Promise<T> {
    const flights = markers.map((marker) => {
      const wasLost = this.#last.get(marker)?.state === 'lost';
      const flight = {
        since: this.#scheduler.now,
        state: wasLost ? ('lost' as const) : ('under way' as const),
      };
      this.#last.set(marker, flight);
      return flight as { readonly since: number; state: 'under way' | 'answered' | 'lost' };
    });
    const becomes = (state: 'answered' | 'lost') => (): void => {
      for (const flight of flights) if (flight.state !== 'lost') flight.state = state;
    };
    request.then(becomes('answered'), becomes('lost'));
    return request;
  }

  /** Whether it was ever sent. */
  has(marker: string): boolean {
    return this.#last.has(marker);
  }

  /**
   * Markers of what only this process knows, so that it is lost if the process is killed now: recent requests, and
   * answers.
   */
  forgotten(): string[] {
    return [...this.#last]
      .filter(
        ([, { since, state }]) =>
          state === 'answered' || (state === 'under way' && this.#scheduler.now - since < SLOW_MS),
      )
      .map(([marker]) => marker);
  }
}
