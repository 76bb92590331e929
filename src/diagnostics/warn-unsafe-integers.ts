import type { Transform } from '../transport/transform.ts';
import { type Warn, warnOnce } from './warn-once.ts';

/** What a 64-bit column can hold: anything larger is a floating-point number. */
const MAX_INT64 = 2 ** 63;

/**
 * A transform for development: sends each entry as it is, and warns once per column of integers beyond
 * `Number.MAX_SAFE_INTEGER`. The SDK has rounded them when it read the queue, so the backend gets another number than the
 * app wrote.
 *
 * @param warn Takes the warning. Default: the console's.
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
