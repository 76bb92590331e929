import { createStore } from '../store.ts';
import { connector } from './connector.ts';

/**
 * How many changes at the head of the queue are on their way. An answer doesn't reset it: the query sees only a little
 * later that they have left the queue, and until then they must not appear as pending again.
 */
export const inFlight = createStore(0);

connector.subscribe((event) => {
  const { phase } = connector.status;
  if (event.type === 'attempt') inFlight.set(event.entries);
  else if (phase !== 'uploading' && phase !== 'idle') inFlight.set(0);
});
