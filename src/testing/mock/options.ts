import { optionChecks } from '../../check-options.ts';
import type { MockTables } from './tables.ts';

/** Options that all mocks over HTTP have. */
export interface MockOptions {
  /** Where the mock answers: the same that the transport is given. */
  readonly url: string;
  /** Rows that are there from the start, by table and id. Default: none. */
  readonly tables?: MockTables | undefined;
  /** Whether a key that was applied isn't applied again. Default true. */
  readonly idempotent?: boolean | undefined;
  /** Whether requests must carry a Bearer token: 401 without. Default `'bearer'`. */
  readonly authorization?: 'bearer' | 'none' | undefined;
  /** Epoch milliseconds: JWTs past their `exp` are refused. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
}

/** Options of mocks of contracts that send whole transactions. */
export interface TransactionalMockOptions extends MockOptions {
  /** Whether a refused transaction leaves nothing behind. Default true; false: what stands before the refused entry. */
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
