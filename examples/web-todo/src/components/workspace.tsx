import { useQuery } from '@powersync/react';
import type { RejectedWrite } from 'powersync-backend-connector/rejections';
import { useCallback, useRef, useState } from 'react';
import { uploadLog } from '../data/connector.ts';
import { db } from '../data/database.ts';
import { inFlight } from '../data/in-flight.ts';
import { withSaveStates } from '../data/save-state.ts';
import { signOutAndClear } from '../data/session.ts';
import { TODOS_OF_OWNER, type Todo } from '../data/todos.ts';
import type { QueuedChange } from '../data/use-queue.ts';
import { useRejected } from '../data/use-rejected.ts';
import type { User } from '../data/users.ts';
import { useStore } from '../store.ts';
import { UploadInspector } from '../upload-inspector/index.ts';
import { AddTodo } from './add-todo.tsx';
import { Header } from './header.tsx';
import { LeaveDialog } from './leave-dialog.tsx';
import { OthersInFront } from './others-in-front.tsx';
import { RejectedPanel } from './rejected-panel.tsx';
import { SaveSummary } from './save-summary.tsx';
import { TodoList } from './todo-list.tsx';
import { Told } from './told.tsx';

/** The page of the user who is signed in. */
export function Workspace({ user, queue }: { user: User; queue: readonly QueuedChange[] }) {
  const [told, setTold] = useState<readonly RejectedWrite[]>([]);
  const [isLeaving, setLeaving] = useState(false);
  const panel = useRef<HTMLHeadingElement>(null);
  const tell = useCallback((write: RejectedWrite) => setTold((before) => [...before, write]), []);

  const rejected = useRejected(user.id, tell);
  const { data, isLoading } = useQuery<Todo>(TODOS_OF_OWNER, [user.id]);
  const todos = withSaveStates(data, useStore(inFlight), rejected);
  const stillOpen = told.filter(({ key }) => rejected.some((write) => write.key === key));
  const showRejected = () => panel.current?.focus();

  async function signOut(): Promise<void> {
    const { count } = await db.getUploadQueueStats(); // `queue` may be a moment late
    if (count || rejected.length || (await signOutAndClear('keep'))) setLeaving(true);
  }

  return (
    <>
      <Header user={user} onSignOut={() => void signOut()} />
      <main className="workspace">
        <div className="todos">
          <OthersInFront user={user} queue={queue} />
          <section className="card" aria-labelledby="todos-heading">
            <div className="card-head">
              <h1 id="todos-heading">{user.name}’s to-dos</h1>
              <SaveSummary todos={todos} />
            </div>
            <AddTodo owner={user.id} />
            <TodoList todos={todos} isLoading={isLoading} onShowRejected={showRejected} />
          </section>
          <RejectedPanel heading={panel} rejected={rejected} />
        </div>
        <UploadInspector log={uploadLog} />
      </main>
      <Told told={stillOpen} onShow={showRejected} onDismiss={() => setTold([])} />
      {isLeaving && (
        <LeaveDialog user={user} queue={queue} rejected={rejected.length} onStay={() => setLeaving(false)} />
      )}
    </>
  );
}
