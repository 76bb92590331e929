import { optionChecks } from '../check-options.ts';
import { fits } from '../transport/by-table.ts';

/** Returns a function that matches a name against a list of names and patterns with `*`. */
export function nameMatcher(who: string, option: string, list: readonly string[]): (name: string) => boolean {
  if (!Array.isArray(list) || !list.length || !list.every((each) => each && typeof each === 'string'))
    optionChecks(who).wrong(option, 'a list of names, at least one', list);
  return (name) => list.some((each) => fits(each, name));
}
