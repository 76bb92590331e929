import { SignIn } from './components/sign-in.tsx';
import { Workspace } from './components/workspace.tsx';
import { useQueue } from './data/use-queue.ts';
import { signedIn } from './data/users.ts';
import { useStore } from './store.ts';

export function App() {
  const user = useStore(signedIn);
  const queue = useQueue(user?.id);
  return user ? <Workspace key={user.id} user={user} queue={queue} /> : <SignIn queue={queue} />;
}
