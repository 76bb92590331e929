/**
 * Turns `list_id` into `listId`, for {@link renameColumns} and {@link renameTables}. Underscores at the start stay.
 * Names in camel case stay as they are.
 *
 * {@link toSnakeCase} undoes it for names in snake case, except for words that begin with a digit (`line_2` → `line2`),
 * for several words of one letter in a row (`x_y_z` → `xYZ`), and for underscores that are doubled or at the end.
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
 * Turns `listId` into `list_id`, `userID` into `user_id` and `HTMLBody` into `html_body`, for {@link renameColumns} and
 * {@link renameTables}. A name in snake case stays as it is.
 *
 * {@link toCamelCase} undoes it if the name has no two capitals in a row (`userID` → `user_id` → `userId`), begins with
 * a small letter, and has underscores only at the start.
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
