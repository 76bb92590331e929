import type { RejectedWrite } from 'powersync-backend-connector/rejections';
import type { RefObject } from 'react';
import { RejectedItem } from './rejected-item.tsx';

interface Props {
  readonly heading: RefObject<HTMLHeadingElement | null>;
  readonly rejected: readonly RejectedWrite[];
}

/** The changes that the backend refused, until the user corrects or discards them. */
export function RejectedPanel({ heading, rejected }: Props) {
  return (
    <section
      className="card rejected-panel"
      aria-labelledby="rejected-heading"
      data-empty={rejected.length === 0}
    >
      <div className="card-head">
        <h2 id="rejected-heading" ref={heading} tabIndex={-1}>
          Rejected changes
        </h2>
        {rejected.length > 0 && <span className="count">{rejected.length}</span>}
      </div>
      {rejected.length === 0 ? (
        <p className="hint">None. If the server rejects a change, it is kept here until you decide.</p>
      ) : (
        <ul>
          {rejected.map((write) => (
            <RejectedItem key={write.key} write={write} onDone={() => heading.current?.focus()} />
          ))}
        </ul>
      )}
    </section>
  );
}
