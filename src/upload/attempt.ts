import { readJwtClaims } from '../auth/jwt.ts';
import type { TokenSource } from '../auth/token-cache.ts';
import { tokenFailure } from '../auth/token-failure.ts';
import type { ConnectorDatabase } from '../database/database.ts';
import { defaultVerdict } from '../error/codes.ts';
import { showWords } from '../error/own-error.ts';
import { UploadError } from '../error/upload-error.ts';
import type { ResolvedOptions } from '../options.ts';
import { ownerMismatch } from '../queue/one-owner.ts';
import { type Owner, readBorders, versionOf } from '../queue/owner-borders.ts';
import type { Publisher } from '../status/publisher.ts';
import type { Deadline } from '../time/deadline.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { TransportContext } from '../transport/transport.ts';
import { type Answered, type Item, pair } from './item.ts';
import type { SignedIn } from './signed-in.ts';
import { saysNothing } from './walk.ts';

export interface AttemptParts {
  readonly options: Pick<ResolvedOptions, 'transport' | 'clock'>;
  readonly tokens: TokenSource;
  readonly signedIn: SignedIn;
  readonly publisher: Publisher;
  readonly database: ConnectorDatabase;
  readonly clientId: string;
  readonly deadline: Deadline;
  readonly owner: Owner;
  /** Number of this try of the head of the queue, from 1. */
  readonly attempt: number;
  /** Whether the backend has refused it before. */
  readonly wasRefused: (item: Item) => boolean;
  /** Called with a call of the transport that goes on after its upload has ended. */
  readonly outlives: (work: Promise<unknown>) => void;
}

/**
 * Makes the function that calls the transport during one upload. If the backend refuses the token, for the whole
 * request or for one transaction, the token is refreshed and what was refused is sent again. At most once for all
 * requests of an upload, to avoid a refresh storm.
 */
export function createAttempt(parts: AttemptParts): (items: readonly Item[]) => Promise<readonly Answered[]> {
  const { options, tokens, signedIn, publisher, database, clientId, deadline, owner, attempt } = parts;
  let mayRefresh = true;
  /** The token that the transport last got: null if nobody is signed in, undefined if the transport didn't ask. */
  let used: string | null | undefined;
  /** True once this call of the transport got a token: it may have sent something before it asks again. */
  let hasToken = false;

  async function token(): Promise<string | undefined> {
    try {
      const current = await currentToken();
      hasToken = true;
      return current;
    } catch (thrown) {
      throw tokenFailure(UploadError.from(thrown), !hasToken);
    }
  }

  async function currentToken(): Promise<string | undefined> {
    const current = (await deadline.race(tokens.get().catch(noRefusal))) ?? undefined;
    deadline.check();
    if (owner !== undefined && current) {
      // Another tab may have called `setOwner()` while this one waited for the token.
      const now = versionOf(await deadline.race(readBorders(database)));
      if (now !== signedIn.version || !mayBeOf(owner, current)) {
        tokens.drop(current);
        throw ownerMismatch();
      }
      deadline.check();
    }
    used = current ?? null;
    return current;
  }

  async function call(items: readonly Item[]): Promise<readonly Answered[]> {
    deadline.check();
    const transactions = items.map((item) =>
      parts.wasRefused(item) ? { ...item.transaction, judgeAgain: true } : item.transaction,
    );
    hasToken = false;
    const startedAt = options.clock();
    const entries = transactions.reduce((sum, transaction) => sum + transaction.entries.length, 0);
    const about = { key: transactions[0]?.key ?? '', transactions: transactions.length, entries, attempt };
    const inFlight = Object.freeze({ transactions: transactions.length, entries, attempt });
    publisher.publish({ type: 'attempt', ...about }, { phase: 'uploading', inFlight }, { attempts: 1 });
    const ended = (error?: UploadError): void => {
      const durationMs = options.clock() - startedAt;
      const code = error && { code: error.code };
      const patch = { inFlight: undefined };
      publisher.publish({ type: 'answer', ...about, durationMs, ...code }, patch, { attempts: -prevented });
    };
    const { signal, timeLeftMs } = deadline;
    const { serverTime } = tokens;
    const context: TransportContext = { signal, timeLeftMs, attempt, clientId, token, serverTime };
    let prevented = 1;
    const work = Promise.resolve().then(() => {
      deadline.check(); // A listener that was told of the attempt may have closed the connector.
      prevented = 0;
      return options.transport({ transactions }, context);
    });
    try {
      const answers = pair(items, checkOutcomes(await deadline.race(work), items.length));
      ended();
      return answers;
    } catch (thrown) {
      const error = deadline.error ?? UploadError.from(thrown);
      if (deadline.error) parts.outlives(work);
      ended(error);
      throw error;
    }
  }

  /** Refreshes a refused token. Returns undefined if there is another token to try, or else the failure to report. */
  async function refresh(refused: string, error: UploadError): Promise<UploadError | undefined> {
    mayRefresh = false;
    tokens.drop(refused);
    let fresh: string | undefined;
    try {
      hasToken = false; // What was sent with the old token has been answered.
      fresh = await token();
    } catch (thrown) {
      return UploadError.from(thrown);
    }
    if (!fresh) return signedOut();
    if (fresh !== refused) return undefined;
    const { expiresAt = Number.POSITIVE_INFINITY } = readJwtClaims(fresh);
    if (error.code === 'unauthenticated' || options.clock() < expiresAt) return error;
    return new UploadError(
      'unauthenticated',
      'The token has expired, and credentials() returned it again. The writes stay queued.',
    );
  }

  return async (items) => {
    let before: readonly Answered[] = [];
    /** The transaction whose token was refused, and all behind it. Empty if the whole request was refused. */
    let refused: readonly Answered[] = [];
    let error: UploadError;
    try {
      const answers = await call(items);
      const at = refusedTokenAt(answers);
      if (at < 0) return answers;
      before = answers.slice(0, at);
      refused = answers.slice(at);
      error = UploadError.from(((answers[at] as Answered).outcome as Refused).error);
    } catch (thrown) {
      error = UploadError.from(thrown);
      if (!isTokenRefusal(error)) throw error;
    }
    const [first, ...behind] = refused;
    /** The result if there is no other token to try. */
    const refuse = (why: UploadError): readonly Answered[] => {
      if (!first) throw why;
      if (why === error) return [...before, ...refused];
      return [...before, stays(first, why), ...behind];
    };
    if (used === null) return refuse(signedOut());
    if (!mayRefresh || used === undefined) return refuse(error);
    // One before it has to be decided first, so the next call sends this one again, and refreshes the token then.
    if (first && before.some(({ outcome }) => outcome.status !== 'applied'))
      return [...before, notAttempted(first), ...behind];
    if (first && behind.some(isLost)) {
      // That one may be applied already, which has to be remembered before it is sent again.
      tokens.drop(used); // The next call refreshes it.
      return [...before, stays(first, error), ...behind];
    }
    const why = await refresh(used, error);
    if (why) return refuse(why);
    try {
      return [...before, ...(await call(first ? refused.map(({ item }) => item) : items))];
    } catch (thrown) {
      const again = UploadError.from(thrown);
      if (again.code === 'unauthenticated' && used) tokens.drop(used); // The next call refreshes it.
      if (before.length === 0) throw again;
      // The transactions before it are settled. A refusal of all others is left to the next call, which bisects them.
      if (['reject', 'ambiguous'].includes(defaultVerdict(again.code)))
        return [...before, ...refused.map(notAttempted)];
      return [...before, ...refused.map((each) => stays(each, again))];
    }
  };
}

/** Whether the backend may have applied it without saying so. */
function isLost({ outcome }: Answered): boolean {
  return 'error' in outcome && outcome.inBand === false && saysNothing(UploadError.from(outcome.error));
}

function stays({ item }: Answered, error: UploadError): Answered {
  return { item, outcome: { status: 'retry', error, inBand: false } };
}

function notAttempted({ item }: Answered): Answered {
  return { item, outcome: { status: 'not_attempted' } };
}

function signedOut(): UploadError {
  return tokenFailure(
    new UploadError('unauthenticated', 'Nobody is signed in. The writes stay queued.'),
    true,
  );
}

type Refused = Extract<Outcome, { readonly error: UploadError }>;

/** Whether another token may help. Any 403 counts: it may come from a gateway that wants another token. */
function isTokenRefusal({ code, status }: UploadError): boolean {
  return code === 'unauthenticated' || code === 'forbidden' || status === 403;
}

/**
 * Index of the first transaction whose token was refused; -1 if there is none. If a transaction behind it was applied,
 * the token was accepted, so the refusal is about the transaction.
 */
function refusedTokenAt(answers: readonly Answered[]): number {
  const at = answers.findIndex(
    ({ outcome }) =>
      (outcome.status === 'rejected' || outcome.status === 'retry') &&
      isTokenRefusal(UploadError.from(outcome.error)),
  );
  return at >= 0 && answers.slice(at).some(({ outcome }) => outcome.status === 'applied') ? -1 : at;
}

/** Whether the token may be this owner's. A token without `sub` can't be compared; owner null has no token. */
function mayBeOf(owner: string | null, token: string): boolean {
  return owner !== null && (readJwtClaims(token).subject ?? owner) === owner;
}

/** Rethrows an error of `credentials` with a code whose verdict is `retry`: it says nothing about the writes. */
function noRefusal(thrown: unknown): never {
  showWords(thrown);
  const error = UploadError.from(thrown);
  const verdict = defaultVerdict(error.code);
  if (verdict === 'retry') throw error;
  throw new UploadError('unknown', 'credentials() failed (see cause). The writes stay queued.', {
    cause: error,
  });
}

const STATUSES: readonly unknown[] = [
  'applied',
  'rejected',
  'retry',
  'skipped',
  'not_attempted',
] satisfies Outcome['status'][];

function checkOutcomes(outcomes: readonly Outcome[], size: number): readonly Outcome[] {
  const count = Array.isArray(outcomes) ? outcomes.length : 'no';
  if (count !== size) {
    throw new UploadError(
      'misconfigured',
      `The transport returned ${count} outcomes for ${size} transactions. The writes stay queued.`,
    );
  }
  if (![...outcomes].every((outcome) => STATUSES.includes(outcome?.status))) {
    throw new UploadError(
      'misconfigured',
      'The transport returned an outcome with an unknown status. The writes stay queued.',
    );
  }
  return outcomes;
}
