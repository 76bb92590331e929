import { optionChecks } from '../../check-options.ts';
import type { MockTables } from './tables.ts';

/** Options that all mocks over HTTP have. */
export interface MockOptions {
  /** URL at which the mock answers: the same as the transport's. */
  readonly url: string;
  /**
   * Rows that are stored from the start, by table and id.
   *
   * @default none
   */
  readonly tables?: MockTables | undefined;
  /**
   * Whether a transaction is applied only once if its key comes again.
   *
   * @default true
   */
  readonly idempotent?: boolean | undefined;
  /**
   * Whether requests must have a Bearer token. Requests without one get 401.
   *
   * @default 'bearer'
   */
  readonly authorization?: 'bearer' | 'none' | undefined;
  /**
   * Returns the time in epoch milliseconds. JWTs past their `exp` are refused.
   *
   * @default Date.now
   */
  readonly clock?: (() => number) | undefined;
}

/** Options of mocks of backends that get whole transactions. */
export interface TransactionalMockOptions extends MockOptions {
  /**
   * Whether a refused transaction is undone as a whole. With false, the entries before the refused one stay applied.
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

/** Checks every option and puts the defaults in place. */
export function resolveMockOptions(who: string, options: TransactionalMockOptions): ResolvedMockOptions {
  const { wrong, object, fn, noOthers } = optionChecks(who);
  const {
    url,
    tables = {},
    idempotent = true,
    atomic = true,
    authorization = 'bearer',
    clock = () => Date.now(), // asked for each time: fake timers replace it
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
