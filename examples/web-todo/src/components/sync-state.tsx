import { useStatus } from '@powersync/react';

/** The SDK does the downloads. This shows whether its sync stream is connected. */
export function SyncState() {
  const { connected, connecting } = useStatus();
  return (
    <p className="sync" data-connected={connected}>
      {connected ? 'Connected' : connecting ? 'Connecting …' : 'Not connected'}
    </p>
  );
}
