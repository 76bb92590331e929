import type { SaveState } from '../data/save-state.ts';
import { Icon, type IconName } from './icon.tsx';

const LOOKS: Readonly<Record<SaveState, { icon: IconName; text: string }>> = {
  pending: { icon: 'clock', text: 'Pending' },
  uploading: { icon: 'up', text: 'Uploading' },
  saved: { icon: 'check', text: 'Saved' },
  rejected: { icon: 'alert', text: 'Rejected' },
};

export function SaveBadge({ state, onShowRejected }: { state: SaveState; onShowRejected: () => void }) {
  const { icon, text } = LOOKS[state];
  const content = (
    <>
      <Icon name={icon} />
      {text}
    </>
  );
  return state === 'rejected' ? (
    <button type="button" className="save-badge" data-state={state} onClick={onShowRejected}>
      {content}
    </button>
  ) : (
    <span className="save-badge" data-state={state}>
      {content}
    </span>
  );
}
