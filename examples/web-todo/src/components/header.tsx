import type { User } from '../data/users.ts';
import { Brand } from './brand.tsx';
import { NetworkSwitch } from './network-switch.tsx';
import { SyncState } from './sync-state.tsx';
import { ThemeSwitch } from './theme-switch.tsx';
import { UserSwitch } from './user-switch.tsx';

export function Header({ user, onSignOut }: { user: User; onSignOut: () => void }) {
  return (
    <header className="app-header">
      <Brand />
      <SyncState />
      <NetworkSwitch />
      <UserSwitch user={user} />
      <div className="header-end">
        <button type="button" className="quiet" onClick={onSignOut}>
          Sign out
        </button>
        <ThemeSwitch />
      </div>
    </header>
  );
}
