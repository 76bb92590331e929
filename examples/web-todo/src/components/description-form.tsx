import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { MOST_CHARACTERS } from './add-todo.tsx';

interface Props {
  readonly label: string;
  readonly description: string;
  readonly submitText: string;
  readonly onSubmit: (description: string) => void;
  readonly onCancel: () => void;
}

/** Edits the text of a to-do. Enter submits, Escape cancels. */
export function DescriptionForm({ label, description, submitText, onSubmit, onCancel }: Props) {
  const [text, setText] = useState(description);
  const field = useRef<HTMLTextAreaElement>(null);
  const counter = useId();
  useEffect(() => field.current?.select(), []);

  const trimmed = text.trim();
  const submit = (): void => {
    if (trimmed) onSubmit(trimmed);
  };
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Escape') onCancel();
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  }

  return (
    <form className="description-form" action={submit}>
      <textarea
        ref={field}
        rows={2}
        value={text}
        aria-label={label}
        aria-describedby={counter}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="form-end">
        <span id={counter} className="counter" data-too-many={trimmed.length > MOST_CHARACTERS}>
          {trimmed.length} of {MOST_CHARACTERS} characters
        </span>
        <button type="button" className="quiet" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" className="primary">
          {submitText}
        </button>
      </div>
    </form>
  );
}
