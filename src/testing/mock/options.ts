import { optionChecks } from '../../check-options.ts';
import type { MockTables } from './tables.ts';

/** Options that all mocks over HTTP have. */
export interface MockOptions {
  /** URL at which the mock answers. Pass the same URL to the transport. */
  readonly url: string;
  /**
   * Rows that the backend has at the start, by table and id.
   *
   * @default {}
   */
  readonly tables?: MockTables | undefined;
  /**
   * True: the backend recognises idempotency keys, and doesn't apply a transaction again whose key it has applied.
   *
   * @default true
   */
  readonly idempotent?: boolean | undefined;
  /**
   * `'bearer'`: a request without a Bearer token is answered with 401. `'none'`: no token is needed.
   *
   * @default 'bearer'
   */
  readonly authorization?: 'bearer' | 'none' | undefined;
  /**
   * Returns the time in epoch milliseconds. A JWT is refused when its `exp` has passed.
   *
   * @default Date.now
   */
  readonly clock?: (() => number) | undefined;
}

/** Options of the mocks that get whole transactions. */
export interface TransactionalMockOptions extends MockOptions {
  /**
   * True: nothing of a refused transaction is applied. False: the entries before the refused one are applied.
   *
   * @default true
   */
  readonly atomic?: boolean | undefined;
}

export interface ResolvedMockOptions {
  readonly url: string;
  readonly tables: MockTables;
  readonly idempotent: boolean;
  readonly atomic: boolean;
  readonly authorization: 'bearer' | 'none';
  readonly clock: () => number;
}

/** Checks every option and fills in the defaults. */
export function resolveMockOptions(who: string, options: TransactionalMockOptions): ResolvedMockOptions {
  const { wrong, object, fn, noOthers } = optionChecks(who);
  const {
    url,
    tables = {},
    idempotent = true,
    atomic = true,
    authorization = 'bearer',
    clock = () => Date.now(), // read at each call, because fake timers replace it
    ...others
  } = object('options', options);
  noOthers('', others);
  if (typeof url !== 'string' || url === '') wrong('url', 'a URL', url);
  for (const [table, rows] of Object.entries(object('tables', tables))) object(`tables.${table}`, rows);
  for (const [name, value] of Object.entries({ idempotent, atomic }))
    if (typeof value !== 'boolean') wrong(name, 'true or false', value);
  if (authorization !== 'bearer' && authorization !== 'none')
    wrong('authorization', '"bearer" or "none"', authorization);
  return { url, tables, idempotent, atomic, authorization, clock: fn('clock', clock) };
}
