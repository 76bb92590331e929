/**
 * `list_id` → `listId`. Underscores at the start stay; a name that is in camel case stays as it is.
 *
 * For words of letters and digits that begin with a letter and have two characters or more, {@link toSnakeCase} leads back
 * to the same name. It doesn't where a word begins with a digit (`line_2` → `line2`), for words of one letter next to each
 * other (`x_y_z` → `xYZ`), and for underscores that are doubled or at the end.
 *
 * @example
 * ```ts
 * import { renameColumns, renameTables, toCamelCase } from 'powersync-backend-connector/transforms';
 *
 * export const transform = [renameTables(toCamelCase), renameColumns(toCamelCase)];
 * ```
 */
export function toCamelCase(name: string): string {
  const start = /^_*/.exec(name)?.[0] ?? '';
  const words = name.slice(start.length);
  return start + words.replace(/_+([a-z0-9]?)/g, (all, first: string) => (first ? first.toUpperCase() : all));
}

/**
 * `listId` → `list_id`, `userID` → `user_id`, `HTMLBody` → `html_body`. A name that is in snake case stays as it is.
 *
 * {@link toCamelCase} leads back to the same name where no two capitals stand side by side, the first letter is a small one
 * and there is no underscore but at the start (`userID` → `user_id` → `userId`).
 *
 * @example
 * ```ts
 * import { renameColumns, toSnakeCase } from 'powersync-backend-connector/transforms';
 *
 * export const transform = renameColumns(toSnakeCase);
 * ```
 */
export function toSnakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}
