import { useState } from 'react';
import { signOut, signOutAndClear } from '../data/session.ts';
import type { QueuedChange } from '../data/use-queue.ts';
import type { User } from '../data/users.ts';
import { changes } from '../words.ts';
import { Dialog } from './dialog.tsx';

interface Props {
  readonly user: User;
  readonly queue: readonly QueuedChange[];
  /** How many rejected changes the user has. */
  readonly rejected: number;
  readonly onStay: () => void;
}

/** If signing out would lose changes, the user decides what happens to them. */
export function LeaveDialog({ user, queue, rejected, onStay }: Props) {
  const [busyWith, setBusyWith] = useState<'keep' | 'discard'>();
  const isBusy = busyWith !== undefined;
  const [failure, setFailure] = useState<string>();
  const others = queue.filter(({ owner }) => owner !== user.id).length;

  async function leave(unsent: 'keep' | 'discard'): Promise<void> {
    if (isBusy) return;
    setBusyWith(unsent);
    setFailure(undefined);
    const left = await signOutAndClear(unsent); // after signing out, the dialog is gone with the page
    setBusyWith(undefined);
    if (left)
      setFailure(`${changes(left)} could not be uploaded, so you are still signed in and nothing is lost.`);
  }

  return (
    <Dialog title={`Sign out, ${user.name}?`} onClose={() => isBusy || onStay()}>
      <p>{describe(queue.length - others, others, rejected)}</p>
      <div className="choices" aria-busy={isBusy}>
        <button type="button" className="primary" aria-disabled={isBusy} onClick={() => void leave('keep')}>
          <strong>{busyWith === 'keep' ? 'Uploading …' : 'Upload, then sign out'}</strong>
          <small>Tries for five seconds. Clears this device if everything is uploaded.</small>
        </button>
        <button type="button" aria-disabled={isBusy} onClick={() => isBusy || void signOut()}>
          <strong>Keep on this device</strong>
          <small>They wait here, and are uploaded when {user.name} signs in again.</small>
        </button>
        <button type="button" className="danger" aria-disabled={isBusy} onClick={() => void leave('discard')}>
          <strong>Discard and sign out</strong>
          <small>Clears this device. What is not uploaded is lost.</small>
        </button>
      </div>
      <p role="alert" className="failure">
        {failure}
      </p>
      <div className="form-end">
        <button type="button" className="quiet" aria-disabled={isBusy} onClick={() => isBusy || onStay()}>
          Stay signed in
        </button>
      </div>
    </Dialog>
  );
}

function describe(own: number, others: number, rejected: number): string {
  const parts = [
    own > 0 ? `${changes(own)} of yours ${own === 1 ? 'is' : 'are'} not uploaded yet.` : '',
    others > 0
      ? `${changes(others)} of somebody else also ${others === 1 ? 'waits' : 'wait'} on this device.`
      : '',
    rejected > 0
      ? `${changes(rejected)} that the server rejected ${rejected === 1 ? 'is' : 'are'} only here.`
      : '',
  ];
  return parts.filter(Boolean).join(' ');
}
