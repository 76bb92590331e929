import { defaultVerdict } from '../error/codes.ts';
import { UploadError } from '../error/upload-error.ts';
import { rowOf, type UploadEntry, type UploadTransaction } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { TransportContext } from '../transport/transport.ts';
import { type Failure, failureAlone } from './failure-alone.ts';
import type { Progress } from './progress.ts';

/** An entry and its transaction. */
export interface Placed {
  readonly entry: UploadEntry;
  readonly transaction: UploadTransaction;
}

/** How to send a batch in requests that are smaller than a transaction. */
export interface InOrder {
  readonly progress: Progress;
  /** Splits entries into requests, in order. */
  readonly requests: (entries: readonly Placed[]) => readonly (readonly Placed[])[];
  /** Sends one request. Returns undefined if all of it was applied. */
  readonly send: (entries: readonly Placed[]) => Promise<Failure | undefined>;
  /**
   * Most requests at the same time. 1 keeps the queue order. Two entries of the same row are never sent in parallel.
   */
  readonly concurrency: number;
}

/**
 * Sends the entries of a batch in several requests, in order, until one fails.
 *
 * A transaction isn't atomic here. If it fails, the entries that were applied are remembered in `progress` and listed
 * in its outcome. If a request with several entries is refused, they are sent again one by one, to find the one at
 * fault.
 */
export async function sendInOrder(
  transactions: readonly UploadTransaction[],
  context: TransportContext,
  { progress, requests, send, concurrency }: InOrder,
): Promise<Outcome[]> {
  const all = transactions.flatMap((transaction) =>
    transaction.entries.map((entry): Placed => ({ entry, transaction })),
  );
  const applied = new Set<UploadEntry>();
  for (const { entry, transaction } of all) if (progress.has(transaction.key, entry)) applied.add(entry);
  const left = all.filter(({ entry }) => !applied.has(entry));
  const failures = new Map<UploadEntry, Failure>();

  const sendOne = async (entries: readonly Placed[]): Promise<boolean> => {
    // `send` may ignore the signal. Then the batch ends here.
    if (context.signal.aborted)
      throw new UploadError('aborted', 'The upload was aborted. The writes stay queued.');
    const said = await send(entries).catch(failureAlone);
    // The failure of a request is judged as if it were thrown, but keeps its details.
    const failure = said?.inBand === false ? { ...said, ...failureAlone(said.error) } : said;
    if (!failure) {
      for (const { entry, transaction } of entries) {
        applied.add(entry);
        progress.add(transaction.key, entry);
      }
      return true;
    }
    if (entries.length > 1 && isRefusal(failure)) {
      for (const each of entries) if (!(await sendOne([each]))) return false;
      return true;
    }
    for (const { entry } of entries) failures.set(entry, failure);
    return false;
  };
  await inParallel(requests(left), concurrency, sendOne);

  const outcomes = transactions.map(({ entries }) => outcomeOf(entries, applied, failures));
  const end = outcomes.findIndex(({ status }) => status !== 'applied');
  // What was applied behind a failure isn't reported yet: it isn't sent again, and the failed one may still be held.
  // Failures are: if there was no answer, the core has to know that the write may be applied.
  return outcomes.map((outcome, index) =>
    index > end && end >= 0 && outcome.status === 'applied' ? { status: 'not_attempted' } : outcome,
  );
}

function isRefusal({ status, error }: Failure): boolean {
  const verdict = defaultVerdict(error.code);
  return status === 'rejected' && (verdict === 'reject' || verdict === 'ambiguous');
}

function outcomeOf(
  entries: readonly UploadEntry[],
  applied: ReadonlySet<UploadEntry>,
  failures: ReadonlyMap<UploadEntry, Failure>,
): Outcome {
  const indexes = entries.map((_, index) => index);
  const isApplied = (index: number): boolean => applied.has(entries[index] as UploadEntry);
  if (indexes.every(isApplied)) return { status: 'applied' };
  // Entries to retry come first: a rejection is final for the whole transaction, and they may still be applied.
  // Of those, one that nobody answered: the core has to know that the write may be applied.
  const toRetry = entries
    .flatMap((entry) => failures.get(entry) ?? [])
    .filter(({ status }) => status === 'retry');
  const pending = toRetry.find(({ inBand }) => inBand === false) ?? toRetry[0];
  if (pending) return pending;
  for (const [entryIndex, entry] of entries.entries()) {
    const failure = failures.get(entry);
    if (failure?.status === 'rejected')
      return { ...failure, entryIndex, appliedEntries: indexes.filter(isApplied) };
  }
  return { status: 'not_attempted' };
}

/**
 * Runs requests, at most `concurrency` at the same time. Each one waits for earlier ones that touch the same row. After
 * a failure, only requests before the failed one are still started. If one throws, rethrows the first error once no
 * request is running any more.
 */
async function inParallel(
  requests: readonly (readonly Placed[])[],
  concurrency: number,
  run: (entries: readonly Placed[]) => Promise<boolean>,
): Promise<void> {
  const rowFree = new Map<string, Promise<unknown>>();
  const running = new Set<Promise<unknown>>();
  let failedAt = Number.POSITIVE_INFINITY;
  let thrown: { readonly error: unknown } | undefined;
  for (const [index, entries] of requests.entries()) {
    while (running.size >= concurrency) await Promise.race(running);
    const rows = entries.map(({ entry }) => rowOf(entry));
    const before = rows.flatMap((row) => rowFree.get(row) ?? []);
    const task = Promise.all(before)
      .then(() => !thrown && index < failedAt && run(entries))
      .then(
        (applied) => {
          if (!applied) failedAt = Math.min(failedAt, index);
        },
        (error) => {
          thrown ??= { error };
        },
      )
      .finally(() => running.delete(task));
    running.add(task);
    for (const row of rows) rowFree.set(row, task);
  }
  await Promise.all(running);
  if (thrown) throw thrown.error;
}

/** One request for each entry. */
export function oneByOne(entries: readonly Placed[]): readonly (readonly Placed[])[] {
  return entries.map((each) => [each]);
}

/** The only entry of a request, and its idempotency key, which is equal on every retry. */
export function only(entries: readonly Placed[]): { readonly entry: UploadEntry; readonly key: string } {
  const [first] = entries;
  if (!first) throw new UploadError('unknown', 'There was no entry to send. The writes stay queued.');
  return { entry: first.entry, key: `${first.transaction.key}:${first.entry.clientId}` };
}
