import { createStore } from './store.ts';

export type Theme = 'light' | 'dark';

const KEY = 'web-todo.theme';
const system = matchMedia('(prefers-color-scheme: dark)');

/** The theme of the device, until the user chooses one. */
export const theme = createStore<Theme>(currentTheme());
system.addEventListener('change', () => theme.set(currentTheme()));

export function setTheme(next: Theme): void {
  localStorage.setItem(KEY, next);
  document.documentElement.dataset.theme = next; // index.html does the same at the start
  theme.set(next);
}

function currentTheme(): Theme {
  const chosen = localStorage.getItem(KEY);
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return system.matches ? 'dark' : 'light';
}
