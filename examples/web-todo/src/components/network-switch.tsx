import { type Network, network, setNetwork } from '../network.ts';
import { useStore } from '../store.ts';
import { Segmented } from './segmented.tsx';

const OPTIONS: readonly { value: Network; text: string }[] = [
  { value: 'online', text: 'Online' },
  { value: 'slow', text: 'Slow' },
  { value: 'offline', text: 'Offline' },
];

export function NetworkSwitch() {
  return <Segmented legend="Network" value={useStore(network)} options={OPTIONS} onChange={setNetwork} />;
}
