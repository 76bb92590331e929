import { discardQueued } from 'powersync-backend-connector/owners';
import { connector } from '../data/connector.ts';
import { db } from '../data/database.ts';
import { signIn } from '../data/session.ts';
import type { QueuedChange } from '../data/use-queue.ts';
import { nameOf, USERS, type User } from '../data/users.ts';
import { changes } from '../words.ts';

/** Tells the user that changes of somebody else are in front of theirs in the queue. */
export function OthersInFront({ user, queue }: { user: User; queue: readonly QueuedChange[] }) {
  const owner = queue[0]?.owner;
  if (!owner || owner === user.id) return null;
  const name = nameOf(owner);
  const theirs = queue.filter((change) => change.owner === owner).length;
  const other = USERS.find(({ id }) => id === owner);
  return (
    <section className="banner" aria-label={`Changes of ${name}`}>
      <p>
        <strong>
          {changes(theirs)} of {name} {theirs === 1 ? 'waits' : 'wait'} on this device.
        </strong>{' '}
        They are only ever sent with {name}’s own token. Until then your changes wait behind them, and nothing
        new is downloaded.
      </p>
      <div>
        {other && (
          <button type="button" onClick={() => void signIn(other)}>
            Sign in as {name}
          </button>
        )}
        <button
          type="button"
          className="danger"
          onClick={() => void discardQueued(db, owner).then(() => connector.drain(db))}
        >
          Discard {name}’s changes
        </button>
      </div>
    </section>
  );
}
