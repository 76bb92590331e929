import type { Mode } from '../app/main.ts';

export const MODES: readonly Mode[] = ['shared worker', 'direct'];
