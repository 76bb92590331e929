import type { Database } from './database/database.ts';
import type { TableRules, User } from './tables.ts';
import type { TransactionResult, UploadedTransaction } from './wire.ts';

/** Options of {@link createWriteHandler}. */
export interface WriteHandlerOptions<U extends User = User> {
  /** Where the rows are: {@link postgres} or {@link mysql}. */
  readonly database: Database;
  /**
   * Returns who sends a request, or throws {@link Unauthenticated} (the answer is 401). {@link verifyJwt} makes one for
   * tokens of an identity provider.
   */
  readonly authenticate: (request: Request) => U | Promise<U>;
  /** The tables that clients may write to, by their name in the upload. What isn't named here can't be written. */
  readonly tables: Readonly<Record<string, TableRules<U>>>;
  /**
   * Settings for row level security, set in each database transaction, such as
   * `{ role: 'authenticated', 'request.jwt.claims': '{"sub":"…"}' }`. Postgres only.
   */
  readonly session?:
    | ((context: {
        readonly user: U;
      }) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)
    | undefined;
  /**
   * What a refused transaction means for those behind it in the request. `stop` leaves them for the next request, after
   * the client has decided. `skip` goes on: use it only if your transactions don't build on each other.
   *
   * @default 'stop'
   */
  readonly onFatalError?: 'stop' | 'skip' | undefined;
  /**
   * What a PATCH or DELETE of a row that is gone means. `accept`: somebody has deleted it, and the delete wins.
   * `refuse`: it is refused as UNAUTHORIZED, like a row of somebody else.
   *
   * @default 'accept'
   */
  readonly onMissingRow?: 'accept' | 'refuse' | undefined;
  /** Codes of refusals on which the client's app decides. @default none */
  readonly requiresClientHandling?: readonly string[] | undefined;
  /** Whether each refused transaction is written to `powersync_write_refusals`. @default false */
  readonly recordRefusals?: boolean | undefined;
  /**
   * Most transactions in one request. Raise it together with that of the client's transport.
   *
   * @default 50
   */
  readonly maxTransactions?: number | undefined;
  /** Most entries in one transaction. One with more is refused. @default 5000 */
  readonly maxEntries?: number | undefined;
  /**
   * Most bytes of a body. A client splits what is larger. Keep it above the `maxBodyBytes` of its transport, which is
   * 100 000 by default: a single large transaction is sent anyway.
   *
   * @default 1_000_000
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Origins of the pages that may call. A token in a header is sent by no page that doesn't have it, so `'*'` is safe
   * as long as `authenticate` reads no cookie. `false` sends no CORS headers.
   *
   * @default { origins: '*' }
   */
  readonly cors?: false | { readonly origins: '*' | readonly string[] } | undefined;
  /** How long things may take. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Called after each transaction that was applied. Not for a replay. */
  readonly onApplied?: ((event: WriteEvent<U>) => void) | undefined;
  /** Called after each transaction that was refused. Not for a replay. */
  readonly onRefused?: ((event: WriteEvent<U>) => void) | undefined;
  /** Called with each error that clients aren't shown. Without it, they go to `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What became of one uploaded transaction. */
export interface WriteEvent<U extends User = User> {
  readonly user: U;
  readonly transaction: UploadedTransaction;
  readonly result: TransactionResult;
  /** Milliseconds from the first statement to the answer. */
  readonly durationMs: number;
}

/** How long things may take, in milliseconds. Together they end before the client stops waiting (30 s by default). */
export interface Timeouts {
  /** Until a connection is free. @default 5000 */
  readonly connect: number;
  /** Until another transaction lets go of a row. @default 5000 */
  readonly lock: number;
  /** One statement. @default 10000 */
  readonly statement: number;
  /** Until the body has arrived. @default 10000 */
  readonly body: number;
  /** No transaction of a request is begun, and none tried again, after this time. @default 12000 */
  readonly request: number;
}

const DEFAULT_TIMEOUTS: Timeouts = {
  connect: 5_000,
  lock: 5_000,
  statement: 10_000,
  body: 10_000,
  request: 12_000,
};

const KNOWN = new Set<string>([
  'authenticate',
  'cors',
  'database',
  'maxBodyBytes',
  'maxEntries',
  'maxTransactions',
  'onApplied',
  'onError',
  'onFatalError',
  'onMissingRow',
  'onRefused',
  'recordRefusals',
  'requiresClientHandling',
  'session',
  'tables',
  'timeouts',
] satisfies (keyof WriteHandlerOptions)[]);

const KNOWN_RULES = new Set([
  'authorize',
  'columns',
  'conflict',
  'id',
  'owner',
  'references',
  'schema',
  'set',
  'table',
]);

export function checkOptions<U extends User>(options: WriteHandlerOptions<U>): void {
  const fail = (message: string): never => {
    throw new TypeError(`createWriteHandler(): ${message}`);
  };
  for (const name of Object.keys(options))
    if (!KNOWN.has(name)) fail(`there is no option ${JSON.stringify(name)}`);
  const {
    database,
    authenticate,
    tables,
    maxTransactions,
    maxEntries,
    maxBodyBytes,
    timeouts = {},
  } = options;
  if (typeof database?.transaction !== 'function') fail('database must be that of postgres() or mysql()');
  if (typeof authenticate !== 'function') fail('authenticate must be a function');
  if (typeof tables !== 'object' || tables === null || Object.keys(tables).length === 0) {
    fail('tables must name the tables that clients may write to');
  }
  for (const [name, value] of Object.entries({ maxTransactions, maxEntries, maxBodyBytes })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      fail(`${name} must be a whole number from 1`);
  }
  for (const [name, value] of Object.entries(timeouts)) {
    if (!(name in DEFAULT_TIMEOUTS)) fail(`there is no option timeouts.${name}`);
    if (!(Number(value) > 0 && Number(value) <= 2 ** 31 - 1))
      fail(`timeouts.${name} must be milliseconds above 0`);
  }
  const { onFatalError, onMissingRow, onApplied, onRefused, onError, session } = options;
  if (onFatalError !== undefined && !['stop', 'skip'].includes(onFatalError))
    fail("onFatalError must be 'stop' or 'skip'");
  if (onMissingRow !== undefined && !['accept', 'refuse'].includes(onMissingRow)) {
    fail("onMissingRow must be 'accept' or 'refuse'");
  }
  for (const [name, value] of Object.entries({ onApplied, onRefused, onError, session })) {
    if (value !== undefined && typeof value !== 'function') fail(`${name} must be a function`);
  }
  for (const [name, rules] of Object.entries(tables)) {
    const unknown = Object.keys(rules).find((rule) => !KNOWN_RULES.has(rule));
    if (unknown) fail(`there is no option tables.${name}.${unknown}`);
    if (!Array.isArray(rules.columns)) fail(`tables.${name}.columns must be an array of names`);
    for (const rule of ['authorize', 'set'] as const) {
      if (rules[rule] !== undefined && typeof rules[rule] !== 'function')
        fail(`tables.${name}.${rule} must be a function`);
    }
    const { conflict = 'last-write' } = rules;
    if (conflict !== 'last-write' && typeof conflict !== 'function') {
      fail(`tables.${name}.conflict must be 'last-write' or a policy, such as byVersion('version')`);
    }
    if (rules.owner === undefined && rules.authorize === undefined) {
      fail(
        `tables.${name} needs owner or authorize. For a table that everybody may write to: authorize: () => true`,
      );
    }
    if (rules.columns.includes(rules.id ?? 'id')) fail(`tables.${name}.columns: the id isn't one of them`);
    if (rules.owner !== undefined && rules.columns.includes(rules.owner)) {
      fail(`tables.${name}.columns must not have the owner, ${JSON.stringify(rules.owner)}`);
    }
    for (const target of Object.values(rules.references ?? {})) {
      if (!Object.hasOwn(tables, target))
        fail(`tables.${name}.references: there is no table ${JSON.stringify(target)} here`);
    }
  }
}

export function withDefaults<U extends User>(options: WriteHandlerOptions<U>) {
  return {
    database: options.database,
    maxTransactions: options.maxTransactions ?? 50,
    maxEntries: options.maxEntries ?? 5_000,
    maxBodyBytes: options.maxBodyBytes ?? 1_000_000,
    onFatalError: options.onFatalError ?? 'stop',
    onMissingRow: options.onMissingRow ?? 'accept',
    requiresClientHandling: options.requiresClientHandling ?? [],
    recordRefusals: options.recordRefusals ?? false,
    timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
    cors: options.cors ?? { origins: '*' },
    onError: (error: unknown) => callSafely(options.onError ?? logError, error, logError),
  } as const;
}

function logError(error: unknown): void {
  console.error('powersync-backend-connector/server:', error);
}

/** Calls a function of the app. What it throws, at once or later, changes no answer and ends no process. */
export function callSafely<Event>(
  hook: ((event: Event) => unknown) | undefined,
  event: Event,
  onError: (error: unknown) => void,
): void {
  try {
    Promise.resolve(hook?.(event)).catch(onError);
  } catch (error) {
    onError(error);
  }
}

export type Settings = ReturnType<typeof withDefaults>;
