import { createStore } from '../store.ts';
import { connector } from './connector.ts';

/**
 * How many changes, from the head of the queue, are on their way. An answer doesn't take it back: the query that sees them
 * leave the queue comes a little later, and until then they must not look as if they waited again.
 */
export const inFlight = createStore(0);

connector.subscribe((event) => {
  const { phase } = connector.status;
  if (event.type === 'attempt') inFlight.set(event.entries);
  else if (phase !== 'uploading' && phase !== 'idle') inFlight.set(0);
});
