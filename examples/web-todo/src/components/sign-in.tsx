import { signIn } from '../data/session.ts';
import type { QueuedChange } from '../data/use-queue.ts';
import { USERS } from '../data/users.ts';
import { changes } from '../words.ts';
import { Brand } from './brand.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

/** A demo login: it asks who the user is, but not for a password. */
export function SignIn({ queue }: { queue: readonly QueuedChange[] }) {
  return (
    <main className="sign-in">
      <div className="sign-in-card card">
        <div className="sign-in-top">
          <Brand />
          <ThemeSwitch />
        </div>
        <h1>Who is using this device?</h1>
        <ul>
          {USERS.map((user) => {
            const waiting = queue.filter(({ owner }) => owner === user.id).length;
            return (
              <li key={user.id}>
                <button type="button" onClick={() => void signIn(user)}>
                  <span className="avatar" aria-hidden="true">
                    {user.name[0]}
                  </span>
                  <span>
                    <strong>{user.name}</strong>
                    <small>
                      {waiting ? `${changes(waiting)} waiting on this device` : 'Nothing waiting here'}
                    </small>
                  </span>
                </button>
              </li>
            );
          })}
        </ul>
        <p className="hint">A demo login: no password, and two users who share one database file.</p>
      </div>
    </main>
  );
}
