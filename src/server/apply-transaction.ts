import { contentHash } from './content-hash.ts';
import type { Database, Failure, Key, Limits, Store, StoredResult } from './database/database.ts';
import { limited } from './limited.ts';
import { lockRows } from './locked-rows.ts';
import { asStorable, checkStorable } from './storable.ts';
import { type OpenTables, openTable, type User } from './tables.ts';
import type { FatalResult, TransactionResult, UploadedTransaction } from './wire.ts';
import { StartAgain, writeEntry } from './write-entry.ts';
import { WriteRefused } from './write-refused.ts';

export interface ApplyContext<U extends User> {
  readonly database: Database;
  readonly tables: OpenTables<U>;
  readonly limits: Limits;
  readonly user: U;
  readonly session: Readonly<Record<string, string>>;
  readonly onMissingRow: 'accept' | 'refuse';
  readonly requiresClientHandling: readonly string[];
  readonly recordRefusals: boolean;
  readonly maxEntries: number;
  /** Whether nobody waits for the answer any more. */
  readonly isGone: () => boolean;
  /** Whether to start once more after `tries` tries that another transaction was in the way of. Waits in between. */
  readonly mayTryAgain: (tries: number) => Promise<boolean>;
  /** Milliseconds until the request must be answered. */
  readonly timeLeftMs: () => number;
  readonly onError: (error: unknown) => void;
}

const SUCCESS: TransactionResult = { status: 'success' };
const NOT_NOW: TransactionResult = {
  status: 'retryable_error',
  message: 'The database could not take this write now',
};

/** How often a transaction is begun before what is in its way counts. */
const MAX_TRIES = 5;

/**
 * Applies one uploaded transaction in one database transaction: its key with the result, and all of its writes, or none
 * of it. A refusal is stored with the key as well, so that each repeat gets the same answer, also one that was under
 * way for a long time.
 */
export async function applyTransaction<U extends User>(
  context: ApplyContext<U>,
  transaction: UploadedTransaction,
): Promise<{ readonly result: TransactionResult; readonly replayed: boolean }> {
  const unfit = refusalOfData(transaction, context.maxEntries);
  if (unfit) {
    const crud = asStorable(transaction.crud);
    const refusal = fatal(context, unfit.failure, unfit.entry);
    return refuse(context, { ...transaction, crud }, await contentHash(crud), refusal);
  }
  const hash = await contentHash(transaction.crud);
  for (let tries = 1; ; tries++) {
    const progress: Progress = { entry: undefined, isWriting: false };
    try {
      const replayed = await context.database.transaction(context.limits, (store) =>
        limited(store, context.timeLeftMs(), (open) =>
          write(open, context, transaction, hash, progress, tries >= MAX_TRIES),
        ),
      );
      return { result: replayed ?? SUCCESS, replayed: replayed !== undefined };
    } catch (error) {
      const failure = failureOf(context.database, error, progress);
      if (failure.kind === 'again' && tries < MAX_TRIES && (await context.mayTryAgain(tries))) continue;
      if (failure.kind !== 'refused') {
        if (!(error instanceof ClientGone)) context.onError(error);
        return { result: NOT_NOW, replayed: false };
      }
      return await refuse(context, transaction, hash, fatal(context, failure, progress.entry));
    }
  }
}

/** The client sends it again. An attempt that nobody waits for could only come in between what it does next. */
class ClientGone extends Error {}

/** Refuses what needs no database to know, before the data is worked on. */
function refusalOfData(
  { crud }: UploadedTransaction,
  maxEntries: number,
): { readonly failure: Refused; readonly entry?: number } | undefined {
  if (crud.length > maxEntries) {
    const message = `A transaction must have at most ${maxEntries} entries, not ${crud.length}`;
    return { failure: { kind: 'refused', code: 'TOO_MANY_ENTRIES', message } };
  }
  for (const [entry, each] of crud.entries()) {
    try {
      checkStorable(each);
    } catch (error) {
      if (error instanceof WriteRefused) return { failure: asFailure(error), entry };
      throw error;
    }
  }
  return undefined;
}

type Refused = Extract<Failure, { kind: 'refused' }>;

function asFailure({ code, message, details }: WriteRefused): Refused {
  return { kind: 'refused', code, message, ...(details && { details }) };
}

/** How far a database transaction has come. */
interface Progress {
  /** Index of the entry that is being worked on. */
  entry: number | undefined;
  /** Whether statements of the upload are running: not before (getting a connection), and not after (the commit). */
  isWriting: boolean;
}

/** Returns the stored result if the key was taken before. */
async function write<U extends User>(
  store: Store,
  context: ApplyContext<U>,
  transaction: UploadedTransaction,
  hash: string,
  progress: Progress,
  isLastTry: boolean,
): Promise<TransactionResult | undefined> {
  if (context.isGone()) throw new ClientGone();
  const key = keyOf(context.user, transaction);
  if (key) {
    const known = await claim(store, key, transaction, { contentHash: hash, result: SUCCESS });
    if (known) return known;
  }
  progress.isWriting = true;
  for (const [index, entry] of transaction.crud.entries()) {
    progress.entry = index;
    openTable(context.tables, entry);
  }
  progress.entry = undefined;
  await store.setSession(context.session);
  const rows = await lockRows(store, context.tables, transaction.crud);
  for (const [index, entry] of transaction.crud.entries()) {
    progress.entry = index;
    await writeEntry(store, { ...context, isLastTry }, rows, entry);
  }
  progress.entry = undefined;
  await store.checkDeferred();
  progress.isWriting = false;
  return undefined;
}

/**
 * Takes the key together with its result. Returns the result that is stored already, unless it is a refusal that is to be
 * judged again.
 */
async function claim(
  store: Store,
  key: Key,
  { judge_again }: UploadedTransaction,
  own: StoredResult,
): Promise<TransactionResult | undefined> {
  const stored = await store.claim(key, own);
  if (!stored) return undefined;
  if (stored.contentHash !== own.contentHash) return KEY_REUSED;
  if (!judge_again || stored.result.status === 'success') return stored.result;
  await store.forgetRefusal(key);
  return claim(store, key, { crud: [] }, own);
}

const KEY_REUSED: TransactionResult = fatalResult({
  error_code: 'KEY_REUSED',
  message: 'This idempotency key was used for a transaction with other content',
});

function keyOf(user: User, { idempotency_key: key }: UploadedTransaction): Key | undefined {
  return key === undefined ? undefined : { user: user.id, key };
}

function failureOf(database: Database, error: unknown, { isWriting }: Progress): Failure {
  if (error instanceof StartAgain) return { kind: 'again' };
  if (error instanceof WriteRefused) return asFailure(error);
  const failure = database.readError(error);
  // While connecting and committing, the database says nothing about the data.
  return failure.kind === 'refused' && !isWriting ? { kind: 'temporary' } : failure;
}

function fatal<U extends User>(
  { requiresClientHandling }: ApplyContext<U>,
  { code, message, details, ofTheApp }: Refused,
  entry: number | undefined,
): FatalResult {
  return fatalResult(
    {
      error_code: code,
      message,
      ...(details && { details }),
      ...(entry !== undefined && { operation_index: entry }),
    },
    ofTheApp === true || requiresClientHandling.includes(code),
  );
}

function fatalResult(failed: FatalResult['failed_operation'], requiresClientHandling = false): FatalResult {
  return {
    status: 'fatal_error',
    requires_client_handling: requiresClientHandling,
    message: failed.message,
    failed_operation: failed,
  };
}

/**
 * Stores a refusal with the key. If another request has stored a result in the meantime, that one is the answer.
 *
 * Not stored is what may be answered in another way later: what the app decides on, and what a newer server knows.
 */
async function refuse<U extends User>(
  { database, limits, user, recordRefusals, onError }: ApplyContext<U>,
  transaction: UploadedTransaction,
  hash: string,
  refusal: FatalResult,
): Promise<{ readonly result: TransactionResult; readonly replayed: boolean }> {
  const { error_code: code, message, details } = refusal.failed_operation;
  const key =
    refusal.requires_client_handling || code === 'SCHEMA_MISMATCH' ? undefined : keyOf(user, transaction);
  if (!key && !recordRefusals) return { result: refusal, replayed: false };
  try {
    const stored = await database.transaction(limits, async (store) => {
      const known = key && (await claim(store, key, transaction, { contentHash: hash, result: refusal }));
      if (known) return known;
      if (recordRefusals) {
        const { idempotency_key, crud } = transaction;
        await store.recordRefusal({
          user: user.id,
          key: idempotency_key,
          code,
          message,
          details,
          transaction: crud,
        });
      }
      return undefined;
    });
    return { result: stored ?? refusal, replayed: stored !== undefined };
  } catch (error) {
    onError(error);
    return { result: NOT_NOW, replayed: false };
  }
}
