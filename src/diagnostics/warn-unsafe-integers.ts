import type { Transform } from '../transport/transform.ts';
import { type Warn, warnOnce } from './warn-once.ts';

/** Limit of a 64-bit integer column. Anything larger is a floating-point number. */
const MAX_INT64 = 2 ** 63;

/**
 * A transform for development. Leaves every entry unchanged, and warns once for each column with an integer beyond
 * `Number.MAX_SAFE_INTEGER`. The SDK rounds such integers when it reads the queue, so the backend gets another number
 * than the app wrote.
 *
 * @param warn Called with the warning. Default: `console.warn`.
 *
 * @example
 * ```ts
 * import type { BackendConnectorOptions } from 'powersync-backend-connector';
 * import { warnUnsafeIntegers } from 'powersync-backend-connector/diagnostics';
 *
 * declare const production: BackendConnectorOptions;
 *
 * export const options: BackendConnectorOptions = { ...production, transform: warnUnsafeIntegers() };
 * ```
 */
export function warnUnsafeIntegers(warn?: Warn): Transform {
  const once = warnOnce(warn);
  return (entries) => {
    for (const { table, opData } of entries) {
      for (const [column, value] of Object.entries(opData ?? {})) {
        if (!Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) > MAX_INT64) continue;
        const name = `${table}.${column}`;
        once(
          name,
          `${name} holds an integer beyond Number.MAX_SAFE_INTEGER. The SDK has rounded it, so the backend gets another ` +
            'number. Make it a text column, or let the app use smaller numbers.',
        );
      }
    }
    return entries;
  };
}
