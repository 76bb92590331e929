import { optionChecks } from '../check-options.ts';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry, UploadTransaction } from '../queue/transaction.ts';
import { lookUp } from '../transport/by-table.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport, TransportContext } from '../transport/transport.ts';
import { failureAlone } from './failure-alone.ts';
import { createProgress, type Progress } from './progress.ts';

/** A transport, and the entries that it is for. */
export interface Route {
  /**
   * A table name, a pattern in which `*` stands for any characters, or a function that returns true for its entries.
   */
  readonly match: string | ((entry: UploadEntry) => boolean);
  readonly transport: Transport;
}

/** Transports by table name or pattern (`'audit_*'`), and `default` for all other tables. */
export type RoutesByTable = Readonly<Record<string, Transport>>;

/**
 * Combines transports: sends each entry with the transport of its table. An exact name counts before patterns, patterns
 * count in their order, and `default` is last. In a list, the first route that matches counts.
 *
 * The order of the queue is kept across transports: a batch ends where the transport changes, and the rest is sent in
 * the next batch. A transaction whose entries all go to one transport is sent to it whole.
 *
 * **A transaction that spans several transports can't be atomic.** It is sent in parts, in the order of its entries.
 * Each part is a transaction of its own, and its key is the key of the whole and the part's range of op ids. Parts that
 * were applied are remembered (in memory) and not sent again. If a later part is rejected, the rejection lists the
 * entries that were applied (`appliedEntries`), and the parts behind it are not sent.
 *
 * If no route matches an entry, it stays queued, with an error that names its table.
 *
 * @throws TypeError if there is no route, or for a route without a transport or with a wrong `match`.
 *
 * @example
 * ```ts
 * import { route } from 'powersync-backend-connector/combine';
 * import { batchEndpoint, rowEndpoints } from 'powersync-backend-connector/http';
 *
 * export const transport = route({
 *   todos: rowEndpoints({ url: 'https://api.example.com' }),
 *   'audit_*': batchEndpoint({ url: 'https://audit.example.com/events', maxTransactions: 100 }),
 *   default: batchEndpoint({ url: 'https://api.example.com/api/data' }),
 * });
 * ```
 */
export function route(routes: RoutesByTable | readonly Route[]): Transport {
  const find = finder(routes);
  const progress = createProgress();
  return async ({ transactions }, context) => {
    const [head] = transactions;
    if (!head) return [];
    const parts = partsOf(head, find);
    const [first] = parts;
    const run = first ? leadingRun(transactions, first.transport, find) : [];
    const outcomes =
      first && run.length > 1
        ? await first.transport({ transactions: run }, context)
        : [await sendParts(head, parts, context, progress)];
    return transactions.map((_, index) => outcomes[index] ?? { status: 'not_attempted' });
  };
}

type Find = (entry: UploadEntry) => Transport;

function finder(routes: RoutesByTable | readonly Route[]): Find {
  const { fn, object, wrong } = optionChecks('route');
  const list = Array.isArray(routes) ? (routes as readonly Route[]) : undefined;
  if (Object.keys(object('routes', routes)).length === 0) wrong('routes', 'at least one route', routes);
  if (list) {
    for (const [index, { match, transport }] of list.entries()) {
      if (typeof match !== 'string' && typeof match !== 'function')
        wrong(`[${index}].match`, 'a table name, a pattern or a function', match);
      fn(`[${index}].transport`, transport);
    }
  } else {
    for (const [name, transport] of Object.entries(routes)) fn(name, transport);
  }
  return (entry) => {
    const transport = list
      ? list.find(({ match }) =>
          typeof match === 'function' ? isMatch(match(entry)) : lookUp({ [match]: true }, entry.table),
        )?.transport
      : lookUp(routes as RoutesByTable, entry.table);
    if (transport) return transport;
    throw new UploadError(
      'misconfigured',
      `route() has no transport for the table "${entry.table}": add one, or "default". The writes stay queued.`,
    );
  };
}

/** Checks the result of `match`. A promise would count as true, and the entry would go to the wrong backend. */
function isMatch(said: unknown): boolean {
  if (typeof (said as { then?: unknown } | null | undefined)?.then !== 'function') return Boolean(said);
  throw new UploadError(
    'misconfigured',
    'route(): a function "match" returned a promise, but must return true or false. Nothing was sent. The writes stay queued.',
  );
}

interface Part {
  readonly transport: Transport;
  readonly entries: UploadEntry[];
  /** Index of its first entry in the transaction. */
  readonly offset: number;
}

/** Splits the entries of a transaction where the transport changes. */
function partsOf(transaction: UploadTransaction, find: Find): Part[] {
  const parts: Part[] = [];
  for (const [offset, entry] of transaction.entries.entries()) {
    const transport = find(entry);
    const last = parts[parts.length - 1];
    if (last?.transport === transport) last.entries.push(entry);
    else parts.push({ transport, entries: [entry], offset });
  }
  return parts;
}

/** The leading transactions whose entries all go to this transport. None if the first one is split. */
function leadingRun(
  transactions: readonly UploadTransaction[],
  transport: Transport,
  find: Find,
): readonly UploadTransaction[] {
  const goesElsewhere = ({ entries }: UploadTransaction): boolean =>
    entries.some((entry) => {
      try {
        return find(entry) !== transport;
      } catch {
        return true; // The error is thrown once this transaction is the first.
      }
    });
  const end = transactions.findIndex(goesElsewhere);
  return end < 0 ? transactions : transactions.slice(0, end);
}

async function sendParts(
  { key, transactionId }: UploadTransaction,
  parts: readonly Part[],
  context: TransportContext,
  progress: Progress,
): Promise<Outcome> {
  const appliedEntries: number[] = [];
  let isSkipped = true;
  for (const { transport, entries, offset } of parts) {
    if (context.signal.aborted)
      throw new UploadError('aborted', 'The upload was aborted. The writes stay queued.');
    const [first, last] = [entries[0] as UploadEntry, entries[entries.length - 1] as UploadEntry];
    if (!progress.has(key, first)) {
      const isWhole = parts.length === 1;
      const part = {
        key: isWhole ? key : `${key}:${first.clientId}-${last.clientId}`,
        transactionId,
        entries,
      };
      const outcome = await sendAlone(transport, part, context);
      if (outcome.status === 'rejected') {
        const { entryIndex, appliedEntries: ofPart = [] } = outcome;
        return {
          ...outcome,
          entryIndex: entryIndex === undefined ? undefined : entryIndex + offset,
          appliedEntries: [...appliedEntries, ...ofPart.map((index) => index + offset)],
        };
      }
      if (outcome.status === 'skipped') continue;
      if (outcome.status !== 'applied') return outcome;
      if (!isWhole) progress.add(key, first);
    }
    isSkipped = false;
    appliedEntries.push(...entries.map((_, index) => index + offset));
  }
  return { status: isSkipped ? 'skipped' : 'applied' };
}

async function sendAlone(
  transport: Transport,
  part: UploadTransaction,
  context: TransportContext,
): Promise<Outcome> {
  try {
    const [outcome] = await transport({ transactions: [part] }, context);
    if (outcome) return outcome;
  } catch (thrown) {
    return failureAlone(thrown);
  }
  throw new UploadError(
    'misconfigured',
    'A transport of route() returned no outcome. The writes stay queued.',
  );
}
