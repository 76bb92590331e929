import { useStatus } from '@powersync/react';

/** Downloads are the SDK's business: whether its sync stream is up. */
export function SyncState() {
  const { connected, connecting } = useStatus();
  return (
    <p className="sync" data-connected={connected}>
      {connected ? 'Connected' : connecting ? 'Connecting …' : 'Not connected'}
    </p>
  );
}
