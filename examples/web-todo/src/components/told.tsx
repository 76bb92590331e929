import type { RejectedWrite } from 'powersync-backend-connector/rejections';
import { describeReason, descriptionOf } from '../rejected-words.ts';
import { Icon } from './icon.tsx';

interface Props {
  readonly told: readonly RejectedWrite[];
  readonly onShow: () => void;
  readonly onDismiss: () => void;
}

/**
 * The message about rejected writes. Its region is always there, because screen readers announce what is added to it.
 */
export function Told({ told, onShow, onDismiss }: Props) {
  const last = told.at(-1);
  return (
    <div className="told" role="status">
      {last && (
        <div className="told-card">
          <Icon name="alert" />
          <div>
            <strong>
              {told.length > 1 ? `${told.length} changes were not saved` : 'A change was not saved'}
            </strong>
            <p>{told.length > 1 ? 'The server did not accept them.' : describeReason(last)}</p>
            {told.length === 1 && <p className="told-text">{descriptionOf(last)}</p>}
            <button
              type="button"
              className="link"
              onClick={() => {
                onDismiss();
                onShow();
              }}
            >
              Show rejected changes
            </button>
          </div>
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={onDismiss}>
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  );
}
