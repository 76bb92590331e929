/**
 * Refuses the transaction: the client is answered with this code and message, and none of the transaction is applied.
 * Throw it in a rule (`authorize`, `set`, `merge`). Any other error that a rule throws counts as a fault of the
 * server: the client keeps the writes and tries again.
 *
 * @example
 * ```ts
 * import { WriteRefused } from 'powersync-backend-connector/server';
 *
 * export function checkQuota(count: number) {
 *   if (count >= 100) throw new WriteRefused('QUOTA_EXCEEDED', 'A list holds 100 todos', { limit: 100 });
 * }
 * ```
 */
export class WriteRefused extends Error {
  /** Code for the client, such as `UNAUTHORIZED` or one of your own. The connector's `errorCodes` gives it a meaning. */
  readonly code: string;
  /** More for the client, as JSON. Sent to the user who wrote, so put nothing in it that they may not see. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(message);
    this.name = 'WriteRefused';
    this.code = code;
    this.details = details;
  }
}
