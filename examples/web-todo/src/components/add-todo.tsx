import { useRef, useState } from 'react';
import { addTodo } from '../data/todos.ts';
import { Icon } from './icon.tsx';

/** The limit in the backend's schema. The app doesn't check it, to show what happens if the backend refuses a write. */
export const MOST_CHARACTERS = 140;

const TOO_LONG =
  'Water the plants: the fern twice, the cactus not at all, the orchid from below, the basil every day, and the new one ' +
  'by the window as soon as it looks thirsty';

export function AddTodo({ owner }: { owner: string }) {
  const [description, setDescription] = useState('');
  const input = useRef<HTMLInputElement>(null);

  function submit(): void {
    const text = description.trim();
    if (!text) return;
    setDescription('');
    void addTodo(owner, text);
  }

  return (
    <form className="add-todo" action={submit}>
      <div className="add-row">
        <input
          ref={input}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
          placeholder="What needs to be done?"
          aria-label="New to-do"
          aria-describedby="rule"
          autoComplete="off"
        />
        <button type="submit" className="primary">
          <Icon name="plus" />
          Add
        </button>
      </div>
      <p id="rule" className="hint">
        The backend refuses more than {MOST_CHARACTERS} characters.{' '}
        <button
          type="button"
          className="link"
          onClick={() => {
            setDescription(TOO_LONG);
            input.current?.focus();
          }}
        >
          Try one that is too long
        </button>
      </p>
    </form>
  );
}
