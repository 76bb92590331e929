import type { BackendConnector } from '../backend-connector.ts';
import { warnOnce } from './warn-once.ts';

/** The part of a console that is used. */
export interface Console {
  warn(message: string): void;
}

/** Failures in a row that make a fault of the set-up. */
const REPEATED = 3;

/**
 * Warns once each of what is wrong with the app's or the backend's set-up, rather than with the network: a token that
 * comes back after it was refused, writes that wait for a sign-in, an answer that isn't the backend's again and again, and
 * the breaker. Returns the function that ends it. The warnings hold no token and no row data.
 *
 * @param console Where they go. Default: the platform's.
 *
 * @example
 * ```ts
 * import type { BackendConnector } from 'powersync-backend-connector';
 * import { warnInDevelopment } from 'powersync-backend-connector/diagnostics';
 *
 * declare const connector: BackendConnector;
 *
 * if (process.env.NODE_ENV !== 'production') warnInDevelopment(connector);
 * ```
 */
export function warnInDevelopment(
  connector: Pick<BackendConnector, 'status' | 'subscribe'>,
  console: Console = globalThis.console,
): () => void {
  const warn = warnOnce((message) => console.warn(message));
  let misconfigured = 0;
  return connector.subscribe((event) => {
    if (event.type === 'completed') misconfigured = 0;
    if (event.type === 'token' && event.result === 'unchanged') {
      warn(
        'unchanged',
        'credentials() returned the very token that had just been refused, so nothing is uploaded. Get a fresh one from ' +
          "the server there, and don't cache it: the connector does.",
      );
    }
    if (event.type === 'breaker') {
      warn(
        'breaker',
        'the backend refused several writes one after another, so the fault may be its own: each further refusal has to be ' +
          'confirmed by tries over some minutes, and the writes stay queued meanwhile. Look at its log; if the writes are at ' +
          'fault after all, call connector.resetBreaker(db).',
      );
    }
    if (event.type !== 'failed') return;
    if (event.code === 'unauthenticated') {
      warn(
        'needs-auth',
        `${connector.status.queuedEntries} queued writes wait for a sign-in: credentials() returned null, or the backend ` +
          "refused its token. Upload before a sign-out; compare the token with the backend's keys, issuer and audience.",
      );
    }
    if (event.code === 'misconfigured' && ++misconfigured === REPEATED) {
      warn(
        'misconfigured',
        `uploads failed ${REPEATED} times in a way that waiting doesn't mend: ${event.message} Ask selfCheck() what to change.`,
      );
    }
  });
}
