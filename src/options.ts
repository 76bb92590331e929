import { memoryTokenCache, type TokenCache } from './auth/kept-token.ts';
import type { CredentialsProvider } from './auth/token-cache.ts';
import { optionChecks } from './check-options.ts';
import type { Verdict } from './error/codes.ts';
import type { RetryBudget, UploadFailure } from './error/upload-error.ts';
import type { Bounds } from './queue/survey.ts';
import { record } from './rejections/record.ts';
import type { Backoff } from './time/backoff.ts';
import { type BatchingOptions, type BatchingStrategy, withinBounds } from './transport/batching.ts';
import type { CheckpointRequest } from './transport/checkpoint-request.ts';
import type { RejectionPolicy } from './transport/rejection-policy.ts';
import type { Transform } from './transport/transform.ts';
import type { Transport } from './transport/transport.ts';

export interface RetryOptions {
  /** The first wait after a failure, in milliseconds. Default 5000, the SDK's own retry delay. */
  readonly baseMs?: number | undefined;
  /** The longest wait, in milliseconds; a `Retry-After` of the backend may be longer. Default 300 000 (5 minutes). */
  readonly maxMs?: number | undefined;
  /** By which share a wait is shortened at random, 0 to 1. Default 0.3. */
  readonly jitter?: number | undefined;
  /**
   * The most one `uploadData()` may take, token refresh included, in milliseconds. Default 30 000. On Node and React
   * Native `disconnect()` waits for a running upload, so for this long at most (and for SQLite, where the app itself
   * keeps it busy just when a batch is completed).
   */
  readonly timeoutMs?: number | undefined;
  /**
   * When an ambiguous answer (code `unclassified`) is given up and the write rejected. Default: what the transport says,
   * for `writeApi()` ten tries over ten minutes or more; false: never.
   */
  readonly ambiguous?: RetryBudget | false | undefined;
}

/** Options of {@link BackendConnector}. */
export interface BackendConnectorOptions {
  /** URL of the PowerSync Service (not of your backend). A trailing slash is removed. */
  readonly endpoint: string;
  /**
   * Gets a JWT for the PowerSync Service and the backend. Return null when nobody is signed in; throw when that can't be
   * known now, for example offline. Called only when a token is needed, never twice at once.
   */
  readonly credentials: CredentialsProvider;
  /** Sends writes to your backend: `writeApi()` of `powersync-backend-connector/http`, or a function of your own. */
  readonly transport: Transport;
  /**
   * What becomes of a rejected transaction. Default {@link record}. A policy that holds one keeps all behind it waiting,
   * and PowerSync applies no downloaded changes meanwhile: reads freeze, too.
   */
  readonly rejections?: RejectionPolicy | undefined;
  /** How much is sent together: bounds, or a strategy of your own. Default: 50 transactions. */
  readonly batching?: BatchingOptions | BatchingStrategy | undefined;
  readonly retry?: RetryOptions | undefined;
  /** Overrides how a failure is read; undefined keeps the default of the error table. */
  readonly classify?: ((failure: UploadFailure) => Verdict | undefined) | undefined;
  /** Changes entries before they are sent, one transform after another. */
  readonly transform?: Transform | readonly Transform[] | undefined;
  /**
   * Only for backends that apply writes after they have answered, with `checkpointMode: 'requests'` given to `connect()`:
   * records a checkpoint request there. A function, or `checkpointRequests({ url })` of
   * `powersync-backend-connector/http`. The method of that name exists on the connector only if this is set.
   */
  readonly postCheckpointRequest?: CheckpointRequest | undefined;
  /** Where the current token is kept. Default: in memory. */
  readonly tokenCache?: TokenCache | undefined;
  /** Epoch milliseconds; for tests. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
  /** From 0 to below 1; for tests. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** Options with every default in place. */
export interface ResolvedOptions {
  readonly endpoint: string;
  readonly credentials: CredentialsProvider;
  readonly transport: Transport;
  readonly rejections: RejectionPolicy;
  readonly batching: BatchingStrategy;
  /** The most that a batch may take, as far as that is known. */
  readonly bounds: Bounds;
  /** How many transactions the strategy is offered before it is known how many it takes. */
  readonly firstOffer: number;
  readonly retry: Backoff & {
    readonly timeoutMs: number;
    readonly ambiguous: RetryBudget | false | undefined;
  };
  readonly classify: (failure: UploadFailure) => Verdict | undefined;
  readonly transforms: readonly Transform[];
  readonly postCheckpointRequest: CheckpointRequest | undefined;
  readonly tokenCache: TokenCache;
  readonly clock: () => number;
  readonly random: () => number;
}

const { wrong, object, fn, number, count, noOthers } = optionChecks('BackendConnector');

/** The longest delay that `setTimeout` takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Checks every option and puts the defaults in place, once. */
export function resolveOptions(options: BackendConnectorOptions): ResolvedOptions {
  const {
    endpoint,
    credentials,
    transport,
    rejections = record(),
    batching = {},
    retry = {},
    classify = () => undefined,
    transform = [],
    postCheckpointRequest,
    tokenCache = memoryTokenCache(),
    clock = Date.now,
    random = Math.random,
    ...unknown
  } = object('options', options);
  noOthers('', unknown);
  if (typeof endpoint !== 'string' || !/^https?:\/\/[^/]/i.test(endpoint)) {
    wrong(
      'endpoint',
      'the URL of the PowerSync Service, such as "https://example.powersync.journeyapps.com"',
      endpoint,
    );
  }
  const {
    baseMs = 5_000,
    maxMs = Math.max(300_000, baseMs),
    jitter = 0.3,
    timeoutMs = 30_000,
    ambiguous,
    ...otherRetry
  } = object('retry', retry);
  noOthers('retry.', otherRetry);
  number('retry.baseMs', baseMs, 1);
  number('retry.maxMs', maxMs, baseMs, LONGEST_TIMER_MS);
  number('retry.jitter', jitter, 0, 1);
  number('retry.timeoutMs', timeoutMs, 1, LONGEST_TIMER_MS);
  if (ambiguous) {
    const { tries, minMs, ...others } = object('retry.ambiguous', ambiguous);
    noOthers('retry.ambiguous.', others);
    count('retry.ambiguous.tries', tries);
    number('retry.ambiguous.minMs', minMs, 0);
  }
  const transforms = Array.isArray(transform) ? transform : [transform];
  for (const each of transforms) {
    const hint = each?.transaction ? ' (give the function "transaction" itself, without the object)' : '';
    if (typeof each !== 'function')
      wrong('transform', `a function of the entries, or a list of them${hint}`, each);
  }
  if (postCheckpointRequest !== undefined) fn('postCheckpointRequest', postCheckpointRequest);
  object('tokenCache', tokenCache);
  fn('tokenCache.get', tokenCache.get);
  fn('tokenCache.set', tokenCache.set);
  return {
    endpoint: endpoint.replace(/\/+$/, ''),
    credentials: fn('credentials', credentials),
    transport: fn('transport', transport),
    rejections: fn('rejections', rejections),
    ...resolveBatching(batching),
    retry: { baseMs, maxMs, jitter, timeoutMs, ambiguous },
    classify: fn('classify', classify),
    transforms,
    postCheckpointRequest,
    tokenCache,
    clock: fn('clock', clock),
    random: fn('random', random),
  };
}

/** The most to read at once, for the sake of memory; a longer transaction is still read whole. */
const MAX_READ = 10_000;

function resolveBatching(
  batching: BatchingOptions | BatchingStrategy,
): Pick<ResolvedOptions, 'batching' | 'bounds' | 'firstOffer'> {
  if (typeof batching === 'function')
    return { batching, bounds: { transactions: MAX_READ, entries: MAX_READ }, firstOffer: 100 };
  const { maxTransactions = 50, maxEntries = 20 * maxTransactions, ...others } = object('batching', batching);
  noOthers('batching.', others);
  count('batching.maxTransactions', maxTransactions);
  count('batching.maxEntries', maxEntries);
  const most = Math.min(maxTransactions, MAX_READ);
  return {
    batching: withinBounds({ maxTransactions, maxEntries }),
    bounds: { transactions: most, entries: Math.min(maxEntries, MAX_READ) },
    firstOffer: most,
  };
}
