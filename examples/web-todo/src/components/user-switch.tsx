import { startTransition, useOptimistic } from 'react';
import { signIn } from '../data/session.ts';
import { USERS, type User } from '../data/users.ts';
import { Segmented } from './segmented.tsx';

const OPTIONS = USERS.map(({ id, name }) => ({ value: id, text: name }));

/** Changes to another user, without clearing the device. */
export function UserSwitch({ user }: { user: User }) {
  const [shown, setShown] = useOptimistic(user.id);
  function change(id: string): void {
    const next = USERS.find((each) => each.id === id);
    if (!next) return;
    startTransition(async () => {
      setShown(id);
      await signIn(next);
    });
  }
  return <Segmented legend="User" value={shown} options={OPTIONS} onChange={change} />;
}
