import type { ScenarioName } from '../scenarios/index.ts';

/** A fault to plant in the core. The checks have to find it. */
export interface Fault {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The check that has to find it: the histories, or a scenario if the histories don't reach it. */
  readonly by: 'histories' | ScenarioName;
}

/** A text of a file in `src`, which must occur exactly once, and its replacement. */
export interface Edit {
  readonly file: string;
  readonly text: string;
  readonly instead: string;
}

export function fault(
  name: string,
  by: Fault['by'],
  file: string,
  text: string,
  instead: string,
  ...more: readonly Edit[]
): Fault {
  return { name, by, edits: [{ file, text, instead }, ...more] };
}
