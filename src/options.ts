import { memoryTokenCache, type TokenCache } from './auth/kept-token.ts';
import type { CredentialsProvider } from './auth/token-cache.ts';
import { optionChecks } from './check-options.ts';
import type { Verdict } from './error/codes.ts';
import type { RetryBudget, UploadFailure } from './error/upload-error.ts';
import type { Bounds } from './queue/survey.ts';
import type { RejectionPolicy } from './rejections/policy.ts';
import { record } from './rejections/record.ts';
import type { Backoff } from './time/backoff.ts';
import { LONGEST_TIMER_MS } from './time/deadline.ts';
import { type BatchingOptions, type BatchingStrategy, withinBounds } from './transport/batching.ts';
import type { CheckpointRequest } from './transport/checkpoint-request.ts';
import type { Transform } from './transport/transform.ts';
import type { Transport } from './transport/transport.ts';

/** How failed uploads are retried. */
export interface RetryOptions {
  /**
   * Wait after the first failure, in milliseconds; doubled after each further one. The default is the SDK's own retry
   * delay.
   *
   * @default 5_000
   */
  readonly baseMs?: number | undefined;
  /**
   * Longest wait between two tries, in milliseconds. A `Retry-After` of the backend may ask for longer, up to an hour.
   *
   * @default 300_000 (5 minutes), or `baseMs` if that is longer
   */
  readonly maxMs?: number | undefined;
  /**
   * Largest share of a wait that is cut off at random, 0 to 1: with 0.3, waits take 70 to 100 % of their time.
   *
   * @default 0.3
   */
  readonly jitter?: number | undefined;
  /**
   * Time limit of one `uploadData()` call, including a token refresh, in milliseconds. On Node and React Native
   * `database.disconnect()` waits for a running upload, so it takes this long at most (longer only if the app keeps
   * SQLite busy while a batch is being completed).
   *
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How often and how long a write with an ambiguous answer (code `unclassified`) is retried before it is rejected.
   * False: it is retried for ever.
   *
   * @default the budget of the error; `writeApi()` sets ten tries over at least ten minutes
   */
  readonly ambiguous?: RetryBudget | false | undefined;
}

/** Options of {@link BackendConnector}. */
export interface BackendConnectorOptions {
  /** URL of the PowerSync Service, not of your backend. A trailing slash is removed. */
  readonly endpoint: string;
  /**
   * Gets a JWT for the PowerSync Service and the backend. Return null if nobody is signed in. Throw if you can't tell
   * now, for example while offline. Called only when a new token is needed, and never twice at the same time.
   */
  readonly credentials: CredentialsProvider;
  /** Sends writes to your backend: `writeApi()` of `powersync-backend-connector/http`, or your own function. */
  readonly transport: Transport;
  /**
   * Rejection policy: decides whether a rejected transaction leaves the queue or is held. While one is held, everything
   * behind it waits, and PowerSync applies no downloaded changes: reads freeze too.
   *
   * @default record()
   */
  readonly rejections?: RejectionPolicy | undefined;
  /**
   * How many transactions are sent in one batch: bounds, or your own batching strategy.
   *
   * @default 50 transactions, 1_000 entries
   */
  readonly batching?: BatchingOptions | BatchingStrategy | undefined;
  /** Waits between tries, the time limit of an upload, and when ambiguous writes are given up. */
  readonly retry?: RetryOptions | undefined;
  /** Returns your own verdict on a failure, or undefined to keep the default verdict of its error code. */
  readonly classify?: ((failure: UploadFailure) => Verdict | undefined) | undefined;
  /** Changes entries before they are sent. Transforms of a list run one after another. */
  readonly transform?: Transform | readonly Transform[] | undefined;
  /**
   * Records a checkpoint request at your backend. Only for backends that apply writes after they have answered, and
   * only with `checkpointMode: 'requests'` passed to `connect()`. A function, or `checkpointRequests({ url })` of
   * `powersync-backend-connector/http`. The connector has a method `postCheckpointRequest` only if this option is set.
   */
  readonly postCheckpointRequest?: CheckpointRequest | undefined;
  /**
   * Keeps the current token between uses, for example over restarts of the app.
   *
   * @default a cache in memory
   */
  readonly tokenCache?: TokenCache | undefined;
  /**
   * Returns the time in epoch milliseconds. For tests.
   *
   * @default Date.now
   */
  readonly clock?: (() => number) | undefined;
  /**
   * Returns a random number from 0 to below 1. For tests.
   *
   * @default Math.random
   */
  readonly random?: (() => number) | undefined;
}

/** The options with every default filled in. */
export interface ResolvedOptions {
  readonly endpoint: string;
  readonly credentials: CredentialsProvider;
  readonly transport: Transport;
  readonly rejections: RejectionPolicy;
  readonly batching: BatchingStrategy;
  /** The most that a batch can hold, as far as it is known before the strategy is asked. */
  readonly bounds: Bounds;
  /** How many transactions the batching strategy is offered first, before it is known how many it takes. */
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

/** Checks every option and fills in the defaults, once. */
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
    const { attempts, minMs, ...others } = object('retry.ambiguous', ambiguous, 'an object or false');
    noOthers('retry.ambiguous.', others);
    count('retry.ambiguous.attempts', attempts);
    number('retry.ambiguous.minMs', minMs, 0);
  }
  if ((rejections as unknown) === record) wrong('rejections', 'a policy: call record()', rejections);
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

/** The most entries that are read at once, to limit memory. A longer transaction is still read whole. */
const MAX_READ = 10_000;

function resolveBatching(
  batching: BatchingOptions | BatchingStrategy,
): Pick<ResolvedOptions, 'batching' | 'bounds' | 'firstOffer'> {
  if (typeof batching === 'function')
    return { batching, bounds: { transactions: MAX_READ, entries: MAX_READ }, firstOffer: 100 };
  const {
    maxTransactions = 50,
    maxEntries = 20 * maxTransactions,
    ...others
  } = object('batching', batching, 'an object or a function');
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
