import { type ApplyContext, applyTransaction } from './apply-transaction.ts';
import { type CheckpointRequest, createCheckpointKeeper } from './checkpoint-requests.ts';
import { answerRequest } from './http/answer-request.ts';
import { openTables } from './open-tables.ts';
import {
  callSafely,
  checkOptions,
  type WriteEvent,
  type WriteHandlerOptions,
  withDefaults,
} from './options.ts';
import { readUpload } from './read-upload.ts';
import { checkUser, type User } from './tables.ts';
import type { TransactionResult } from './wire.ts';

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
      session: (await options.session?.({ user })) ?? {},
      onMissingRow: settings.onMissingRow,
      requiresClientHandling: settings.requiresClientHandling,
      recordRefusals: settings.recordRefusals,
      maxEntries: settings.maxEntries,
      isGone: () => signal?.aborted === true,
      timeLeftMs: () => deadline - performance.now(),
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
    callSafely(hook, event, onError);
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
