/** Whether a name matches a pattern, in which `*` stands for any characters. */
export function fits(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === name;
  const last = rest.pop() as string;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
    return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/**
 * Looks up the value for a table: by its exact name, else by the first matching pattern with `*`, else `default`.
 * Undefined if there is none of them.
 */
export function lookUp<T>(byTable: Readonly<Record<string, T>>, table: string): T | undefined {
  if (Object.hasOwn(byTable, table)) return byTable[table];
  const pattern = Object.keys(byTable).find((each) => fits(each, table));
  if (pattern !== undefined) return byTable[pattern];
  return Object.hasOwn(byTable, 'default') ? byTable.default : undefined;
}
