import type { UploadStatus } from 'powersync-backend-connector';
import { useSyncExternalStore } from 'react';
import { connector } from './connector.ts';

const subscribe = (changed: () => void) => connector.subscribe(changed);

export function useUploadStatus(): UploadStatus {
  return useSyncExternalStore(subscribe, () => connector.status);
}
