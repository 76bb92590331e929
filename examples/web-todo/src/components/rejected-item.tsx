import { discardRejected, type RejectedWrite, retryRejected } from 'powersync-backend-connector/rejections';
import { useState } from 'react';
import { db } from '../data/database.ts';
import { describeChange, describeReason, descriptionOf } from '../rejected-words.ts';
import { DescriptionForm } from './description-form.tsx';

/** One rejected transaction: the change, why it was refused, and what the user can do. */
export function RejectedItem({ write, onDone }: { write: RejectedWrite; onDone: () => void }) {
  const [isEditing, setEditing] = useState(false);
  const [failure, setFailure] = useState<string>();
  const description = descriptionOf(write);

  /** When the item disappears, so does the element that has the focus. */
  function act(action: () => Promise<unknown>): void {
    action().then(onDone, (error: Error) => setFailure(error.message));
  }

  function retryAs(text: string): void {
    act(() =>
      retryRejected(db, write.key, {
        edit: (entry) =>
          entry.opData?.description === undefined
            ? entry
            : { ...entry, opData: { ...entry.opData, description: text } },
      }),
    );
  }

  return (
    <li>
      <p className="rejected-what">{describeChange(write)}</p>
      {isEditing && description !== undefined ? (
        <DescriptionForm
          label="Corrected text"
          description={description}
          submitText="Save and retry"
          onSubmit={retryAs}
          onCancel={() => setEditing(false)}
        />
      ) : (
        <>
          {description !== undefined && <blockquote>{description}</blockquote>}
          <p className="rejected-why">
            {describeReason(write)} <code>{write.code}</code>
          </p>
          <div className="rejected-actions">
            {description !== undefined && (
              <button type="button" className="primary" onClick={() => setEditing(true)}>
                Edit
              </button>
            )}
            <button type="button" onClick={() => act(() => retryRejected(db, write.key))}>
              Retry
            </button>
            <button
              type="button"
              className="danger"
              onClick={() => act(() => discardRejected(db, write.key))}
            >
              Discard
            </button>
          </div>
        </>
      )}
      {failure && <p role="alert">{failure}</p>}
    </li>
  );
}
