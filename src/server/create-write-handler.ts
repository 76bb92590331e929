import { type ApplyContext, applyTransaction } from './apply-transaction.ts';
import { type CheckpointRequest, createCheckpointKeeper } from './checkpoint-requests.ts';
import type { Database } from './database/database.ts';
import { answerRequest, type HttpOptions } from './http/answer-request.ts';
import { openTables } from './open-tables.ts';
import { checkOptions, type Timeouts, withDefaults } from './options.ts';
import { readUpload } from './read-upload.ts';
import { checkUser, type TableRules, type User } from './tables.ts';
import type { TransactionResult, UploadedTransaction } from './wire.ts';

/** Options of {@link createWriteHandler}. */
export interface WriteHandlerOptions<U extends User = User> extends HttpOptions {
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
  readonly session?: ((context: { readonly user: U }) => Readonly<Record<string, string>>) | undefined;
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

/** The write endpoint. */
export interface WriteHandler<U extends User = User> {
  /** Answers a request. Give it to your framework; it needs no `this`. */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Applies an upload without HTTP, for GraphQL, Connect, server functions and queues. `body` is what a client sends, as
   * an object. Throws {@link InvalidUpload} if it isn't an upload, and {@link NotReady} if the database isn't.
   */
  readonly apply: (user: U, body: unknown, signal?: AbortSignal) => Promise<{ results: TransactionResult[] }>;
  /**
   * Answers checkpoint requests, the other half of the client's `checkpointRequests()`. Give it to a route of its own,
   * for `POST` and `PUT`. It keeps the greatest id of each user and client in the table `powersync_checkpoint_requests`,
   * behind all that this handler has applied before.
   */
  readonly checkpointRequest: (request: Request) => Promise<Response>;
  /**
   * Keeps a checkpoint request without HTTP. If uploads wait in a queue of yours, put checkpoint requests into it too,
   * and call this when their turn comes: an id that is kept before the writes comes too early.
   */
  readonly keepCheckpoint: (user: U, body: unknown) => Promise<CheckpointRequest>;
  /**
   * Checks that the database has what the handler needs: tables, columns, unique ids, privileges. Throws
   * {@link NotReady}, which says what is missing. The first request does this too.
   */
  readonly check: () => Promise<void>;
  /**
   * Deletes results that are older than `days` (30), so that the tables don't grow for ever, and returns how many. A
   * client that was offline for longer may then apply a write twice. Run it daily.
   */
  readonly prune: (options?: { readonly days?: number }) => Promise<number>;
}

/**
 * Makes the write endpoint that `writeApi()` talks to. Each uploaded transaction is applied in one database
 * transaction, together with its key and its result: so it is applied once, however often it arrives.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { createWriteHandler, postgres, verifyJwt } from 'powersync-backend-connector/server';
 * import { Pool } from 'pg';
 *
 * export const writes = createWriteHandler({
 *   database: postgres(new Pool({ connectionString: process.env.DATABASE_URL })),
 *   authenticate: verifyJwt({
 *     jwks: 'https://auth.example.com/.well-known/jwks.json',
 *     issuer: 'https://auth.example.com',
 *     audience: 'powersync',
 *   }),
 *   tables: {
 *     lists: { columns: ['name'], owner: 'owner_id' },
 *     todos: { columns: ['list_id', 'description'], owner: 'owner_id', references: { list_id: 'lists' } },
 *   },
 * });
 *
 * export const POST = writes.fetch;
 * ```
 */
export function createWriteHandler<U extends User>(options: WriteHandlerOptions<U>): WriteHandler<U> {
  checkOptions(options);
  const settings = withDefaults(options);
  const { database, timeouts, onError } = settings;
  const limits = { connectMs: timeouts.connect, lockMs: timeouts.lock, statementMs: timeouts.statement };
  const tables = openTables(options, limits);
  const keepCheckpoint = createCheckpointKeeper(database, limits);

  async function apply(
    user: U,
    body: unknown,
    signal?: AbortSignal,
  ): Promise<{ results: TransactionResult[] }> {
    checkUser(user);
    const transactions = readUpload(body, settings.maxTransactions);
    const deadline = performance.now() + timeouts.request;
    const context: ApplyContext<U> = {
      database,
      tables: await tables.ready(),
      limits,
      user,
      session: options.session?.({ user }) ?? {},
      onMissingRow: settings.onMissingRow,
      requiresClientHandling: settings.requiresClientHandling,
      recordRefusals: settings.recordRefusals,
      maxEntries: settings.maxEntries,
      isGone: () => signal?.aborted === true,
      mayTryAgain: (tries) => backOff(tries, deadline),
      onError,
    };
    const results: TransactionResult[] = [];
    for (const transaction of transactions) {
      // Nobody waits for the answer any more, and the client sends the rest again.
      if (signal?.aborted || performance.now() >= deadline) break;
      const started = performance.now();
      const { result, replayed } = await applyTransaction(context, transaction);
      results.push(result);
      if (!replayed) report({ user, transaction, result, durationMs: performance.now() - started });
      if (stops(result)) break;
    }
    // One result for each transaction, or the client couldn't tell which is which.
    while (results.length < transactions.length) {
      results.push(results.length === 0 ? TOO_LATE : { status: 'not_attempted' });
    }
    return { results };
  }

  /** A later transaction may build on an earlier one, so nothing is tried behind one that wasn't applied. */
  function stops(result: TransactionResult): boolean {
    if (result.status === 'success') return false;
    return !(
      settings.onFatalError === 'skip' &&
      result.status === 'fatal_error' &&
      !result.requires_client_handling
    );
  }

  function report(event: WriteEvent<U>): void {
    const hook =
      event.result.status === 'success'
        ? options.onApplied
        : event.result.status === 'fatal_error'
          ? options.onRefused
          : undefined;
    try {
      hook?.(event);
    } catch (error) {
      onError(error);
    }
  }

  return {
    apply,
    check: async () => {
      await tables.ready();
    },
    fetch: (request) => answerRequest(request, options, settings, ['POST'], apply),
    keepCheckpoint,
    checkpointRequest: (request) =>
      answerRequest(request, options, settings, ['POST', 'PUT'], keepCheckpoint),
    async prune({ days = 30 } = {}) {
      let pruned = 0;
      for (;;) {
        const count = await database.transaction(limits, (store) =>
          store.prune('results', days, PRUNED_AT_ONCE),
        );
        pruned += count;
        if (count < PRUNED_AT_ONCE) return pruned;
      }
    },
  };
}

const TOO_LATE: TransactionResult = {
  status: 'retryable_error',
  message: 'There was no time left for this write',
};

/** Few enough that the rows are locked for a short time only. */
const PRUNED_AT_ONCE = 1000;

/** Waits between two tries of a transaction: 5 ms, doubled each time, with jitter, so that two don't meet again. */
async function backOff(tries: number, deadline: number): Promise<boolean> {
  const delay = 5 * 2 ** tries * (0.5 + Math.random());
  if (performance.now() + delay >= deadline) return false;
  await new Promise((resolve) => setTimeout(resolve, delay));
  return true;
}
