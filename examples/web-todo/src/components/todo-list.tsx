import type { TodoWithState } from '../data/save-state.ts';
import { TodoItem } from './todo-item.tsx';

interface Props {
  readonly todos: readonly TodoWithState[];
  readonly isLoading: boolean;
  readonly onShowRejected: () => void;
}

export function TodoList({ todos, isLoading, onShowRejected }: Props) {
  if (todos.length === 0) {
    return (
      <p className="empty">
        {isLoading ? 'Loading …' : 'Nothing to do. Add something, then go offline and add more.'}
      </p>
    );
  }
  return (
    <ul className="todo-list">
      {todos.map((todo) => (
        <TodoItem key={todo.id} todo={todo} onShowRejected={onShowRejected} />
      ))}
    </ul>
  );
}
