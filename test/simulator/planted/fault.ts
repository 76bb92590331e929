import type { ScenarioName } from '../scenarios/index.ts';

/** A fault to plant in the core: the checks have to find it. */
export interface Fault {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The check that is to find it: the histories, or a scenario for what histories don't reach. */
  readonly by: 'histories' | ScenarioName;
}

/** A text of a file of `src`, which has to be there exactly once, and what stands in its place. */
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
