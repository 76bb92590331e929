import { useRef, useState } from 'react';
import type { TodoWithState } from '../data/save-state.ts';
import { removeTodo, setCompleted, setDescription } from '../data/todos.ts';
import { DescriptionForm } from './description-form.tsx';
import { Icon } from './icon.tsx';
import { SaveBadge } from './save-badge.tsx';

export function TodoItem({ todo, onShowRejected }: { todo: TodoWithState; onShowRejected: () => void }) {
  const { id, description, completed, state, isGone = false } = todo;
  const [isEditing, setEditing] = useState(false);
  const editButton = useRef<HTMLButtonElement>(null);

  function endEditing(): void {
    setEditing(false);
    requestAnimationFrame(() => editButton.current?.focus());
  }

  if (isEditing) {
    return (
      <li className="todo">
        <DescriptionForm
          label="To-do"
          description={description}
          submitText="Save"
          onCancel={endEditing}
          onSubmit={(text) => {
            endEditing();
            if (text !== description) void setDescription(id, text);
          }}
        />
      </li>
    );
  }
  return (
    <li className="todo" data-completed={completed === 1} data-gone={isGone}>
      <label className="todo-main">
        <input
          type="checkbox"
          checked={completed === 1}
          disabled={isGone}
          onChange={(event) => void setCompleted(id, event.target.checked)}
        />
        <span>{description}</span>
      </label>
      <SaveBadge state={state} onShowRejected={onShowRejected} />
      {!isGone && (
        <div className="todo-actions">
          <button
            ref={editButton}
            type="button"
            className="icon-button"
            aria-label={`Edit ${description}`}
            onClick={() => setEditing(true)}
          >
            <Icon name="pencil" />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={`Delete ${description}`}
            onClick={() => void removeTodo(id)}
          >
            <Icon name="trash" />
          </button>
        </div>
      )}
    </li>
  );
}
