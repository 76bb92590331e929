import { optionChecks } from '../check-options.ts';
import { fits } from '../transport/by-table.ts';

/** Tells whether a name fits one of a list: names, or patterns with `*`. A list without a name is a TypeError. */
export function nameMatcher(who: string, option: string, list: readonly string[]): (name: string) => boolean {
  if (!Array.isArray(list) || !list.length || !list.every((each) => each && typeof each === 'string'))
    optionChecks(who).wrong(option, 'a list of names, at least one', list);
  return (name) => list.some((each) => fits(each, name));
}
