import { readJwtClaims } from './auth/jwt.ts';
import type { Outcome } from './outcome/outcome.ts';
import { UploadError } from './outcome/upload-error.ts';
import { defaultVerdict } from './outcome/verdict.ts';
import { readBorders, versionOf } from './owners/borders.ts';
import { ownerMismatch } from './owners/of-one-owner.ts';
import type { UploadTransaction } from './queue/transaction.ts';
import type { Call, Parts } from './upload.ts';

/**
 * Makes the function that calls the transport during one upload. A token the backend refuses is refreshed once and the
 * batch sent once more, for all requests of the call together: more would be a storm.
 */
export function createSender(parts: Parts, { database, clientId, deadline, owner }: Call) {
  const { options, tokens, gate, publisher } = parts;
  let mayRefresh = true;

  return async function send(transactions: readonly UploadTransaction[]): Promise<readonly Outcome[]> {
    const attempt = gate.failures + 1;
    let used: string | undefined;
    const token = async (): Promise<string | undefined> => {
      const current = (await deadline.race(tokens.get().catch(noRefusal))) ?? undefined;
      deadline.check();
      if (owner !== undefined && current) {
        // Another tab may have called `setOwner()` while this one waited for the token.
        const now = versionOf(await deadline.race(readBorders(database)));
        if (now !== parts.userVersion || (readJwtClaims(current).subject ?? owner) !== owner) {
          tokens.drop(current);
          throw ownerMismatch();
        }
      }
      used = current;
      context.mayRefresh = mayRefresh && used !== undefined;
      return current;
    };
    const { signal, timeLeftMs } = deadline;
    const { serverTime } = tokens;
    const context = { signal, timeLeftMs, attempt, clientId, token, serverTime, mayRefresh: false };
    const call = async (): Promise<readonly Outcome[]> => {
      deadline.check();
      const startedAt = options.clock();
      const entries = transactions.reduce((sum, transaction) => sum + transaction.entries.length, 0);
      const about = { key: transactions[0]?.key ?? '', transactions: transactions.length, entries, attempt };
      const inFlight = { transactions: transactions.length, entries, attempt };
      publisher.publish({ type: 'attempt', ...about }, { phase: 'uploading', inFlight }, { attempts: 1 });
      const ended = (error?: UploadError): void =>
        publisher.publish(
          {
            type: 'answer',
            ...about,
            durationMs: options.clock() - startedAt,
            ...(error && { code: error.code }),
          },
          { inFlight: undefined },
        );
      try {
        const outcomes = await deadline.race(options.transport({ transactions }, context));
        ended();
        return outcomes;
      } catch (thrown) {
        const error = deadline.error ?? UploadError.from(thrown);
        ended(error);
        throw error;
      }
    };

    try {
      return await call();
    } catch (thrown) {
      const error = UploadError.from(thrown);
      const refused = used;
      if (!mayRefresh || !refused || !['unauthenticated', 'forbidden'].includes(error.code)) throw error;
      mayRefresh = false;
      tokens.drop(refused);
      const fresh = await token();
      if (!fresh) throw new UploadError('unauthenticated', 'Nobody is signed in. The writes stay queued.');
      if (fresh === refused) throw error;
      try {
        return await call();
      } catch (again) {
        if (UploadError.from(again).code === 'unauthenticated') tokens.drop(fresh); // The next call asks anew.
        throw again;
      }
    }
  };
}

/** What `credentials` threw says nothing of the writes, whatever its code. */
function noRefusal(thrown: unknown): never {
  const error = UploadError.from(thrown);
  const verdict = defaultVerdict(error.code);
  if (verdict === 'retry') throw error;
  throw new UploadError('unknown', 'credentials() failed (see cause). The writes stay queued.', {
    cause: error,
  });
}
