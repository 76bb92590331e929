import type { SaveState, TodoWithState } from '../data/save-state.ts';

const ORDER: readonly SaveState[] = ['rejected', 'uploading', 'pending'];

/** Says in one line whether everything is saved. */
export function SaveSummary({ todos }: { todos: readonly TodoWithState[] }) {
  const counts = ORDER.map((state) => [state, todos.filter((todo) => todo.state === state).length] as const);
  const open = counts.filter(([, count]) => count > 0);
  return (
    <p className="save-summary">
      {open.length ? open.map(([state, count]) => `${count} ${state}`).join(' · ') : 'Everything is saved'}
    </p>
  );
}
