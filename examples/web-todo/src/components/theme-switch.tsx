import { useStore } from '../store.ts';
import { setTheme, theme } from '../theme.ts';
import { Icon } from './icon.tsx';

export function ThemeSwitch() {
  const isDark = useStore(theme) === 'dark';
  return (
    <button
      type="button"
      className="icon-button"
      aria-label="Dark theme"
      aria-pressed={isDark}
      onClick={() => setTheme(isDark ? 'light' : 'dark')}
    >
      <Icon name={isDark ? 'sun' : 'moon'} />
    </button>
  );
}
