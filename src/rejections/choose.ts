import type { UploadErrorCode } from '../error/codes.ts';
import { isUploadErrorCode } from '../error/codes.ts';
import { lookUp } from '../transport/by-table.ts';
import type { RejectionPolicy } from './policy.ts';
import { record } from './record.ts';

/**
 * A rejection policy that chooses another one by the error code (`rejected.error.code`). `default` is for all other
 * codes; if it is left out, it is `record()`.
 *
 * @throws TypeError for an unknown code, or a policy that is not a function.
 *
 * @example
 * ```ts
 * import { alsoReport, byCode, hold } from 'powersync-backend-connector/rejections';
 *
 * export const rejections = byCode({ conflict: hold(), forbidden: alsoReport(({ key }) => console.warn(key)) });
 * ```
 */
export function byCode(
  policies: { readonly [Code in UploadErrorCode | 'default']?: RejectionPolicy },
): RejectionPolicy {
  for (const code of Object.keys(policies)) {
    if (code !== 'default' && !isUploadErrorCode(code))
      throw new TypeError(`byCode(): there is no error code "${code}".`);
  }
  const choose = chooser('byCode', policies);
  return (rejected, context) => choose(rejected.error.code)(rejected, context);
}

/**
 * A rejection policy that chooses another one by the table. A name may be a pattern in which `*` stands for any
 * characters. An exact name counts before patterns, patterns count in their order, and `default` is last; if it is left
 * out, it is `record()`. A transaction with several tables is held if the policy of any of them holds.
 *
 * @throws TypeError for a policy that is not a function.
 *
 * @example
 * ```ts
 * import { record } from 'powersync-backend-connector';
 * import { byTable, hold } from 'powersync-backend-connector/rejections';
 *
 * export const rejections = byTable({
 *   payments: hold(),
 *   'analytics_*': () => 'complete', // not worth keeping
 *   default: record({ maxCount: 500 }),
 * });
 * ```
 */
export function byTable(policies: Readonly<Record<string, RejectionPolicy>>): RejectionPolicy {
  const choose = chooser('byTable', policies);
  return async (rejected, context) => {
    const chosen = new Set(rejected.entries.map(({ table }) => choose(table)));
    for (const policy of chosen) {
      if ((await policy(rejected, context)) !== 'complete') return 'hold';
    }
    return 'complete';
  };
}

/** Looks policies up by name. */
function chooser(
  name: string,
  policies: { readonly [name: string]: RejectionPolicy | undefined },
): (name: string) => RejectionPolicy {
  for (const [each, policy] of Object.entries(policies)) {
    if (typeof policy !== 'function')
      throw new TypeError(`${name}(): the policy for "${each}" must be a function.`);
  }
  const known = { ...policies };
  const otherwise = record();
  return (each) => lookUp(known, each) ?? otherwise;
}
