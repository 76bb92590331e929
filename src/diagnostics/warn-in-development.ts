import type { BackendConnector } from '../backend-connector.ts';
import { warnOnce } from './warn-once.ts';

/** The part of a console that {@link warnInDevelopment} uses. */
export interface Console {
  warn(message: string): void;
}

/** This many `misconfigured` failures without an upload in between are reported as an error in the set-up. */
const REPEATED = 3;

/**
 * Warns of errors in the set-up of the app or the backend, not of network problems. It warns once for each kind: a
 * token that `credentials` returns again after it was refused, writes that wait for a sign-in, answers that repeatedly
 * aren't the backend's, and an open breaker. The warnings hold no token and no row data.
 *
 * @param console Gets the warnings. Default: the platform's console.
 * @returns a function that stops the warnings.
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
        'credentials() returned the same token that was just refused, so nothing is uploaded. Get a fresh one from the ' +
          "server there, and don't cache it: the connector does.",
      );
    }
    if (event.type === 'breaker') {
      warn(
        'breaker',
        'the backend refused several writes one after another, so it may be broken. Each further one is rejected only ' +
          'after six tries over ten minutes, and the writes stay queued until then. Look at its log. If the writes are at ' +
          'fault, call connector.resetBreaker(db).',
      );
    }
    if (event.type !== 'failed') return;
    if (event.code === 'unauthenticated') {
      warn(
        'needs-auth',
        `${connector.status.queuedEntries} queued writes wait for a sign-in: credentials() returned null, or the backend ` +
          "refused its token. Upload before a sign-out. Compare the token with the backend's keys, issuer and audience.",
      );
    }
    if (event.code === 'misconfigured' && ++misconfigured === REPEATED) {
      warn(
        'misconfigured',
        `uploads failed ${REPEATED} times in a way that waiting doesn't fix: ${event.message} Run selfCheck() to see what to change.`,
      );
    }
  });
}
