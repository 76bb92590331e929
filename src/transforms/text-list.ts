import { optionChecks } from '../option-checks.ts';

/** Checks that an option is a list of texts, with at least one. */
export function textList(who: string, name: string, value: readonly string[]): void {
  if (Array.isArray(value) && value.length > 0 && value.every((each) => each && typeof each === 'string'))
    return;
  optionChecks(who).wrong(name, 'a list of names, at least one', value);
}
