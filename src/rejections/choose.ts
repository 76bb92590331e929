import type { UploadErrorCode } from '../error/codes.ts';
import { isUploadErrorCode } from '../error/codes.ts';
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
 * A rejection policy that chooses another one by the exact name of the table. `default` is for all other tables; if it
 * is left out, it is `record()`. A transaction with several tables is held if the policy of any of them holds.
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
 *   analytics: () => 'complete', // not worth keeping
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

/** Looks policies up by name. Uses a Map, because an object would also find inherited names. */
function chooser(
  name: string,
  policies: { readonly [name: string]: RejectionPolicy | undefined },
): (name: string) => RejectionPolicy {
  const known = new Map<string, RejectionPolicy>();
  for (const [each, policy] of Object.entries(policies)) {
    if (typeof policy !== 'function')
      throw new TypeError(`${name}(): the policy for "${each}" must be a function.`);
    known.set(each, policy);
  }
  const otherwise = known.get('default') ?? record();
  return (each) => known.get(each) ?? otherwise;
}
