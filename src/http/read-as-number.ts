/** Whether the id is an integer as a server writes it. Every server reads such an id as itself. */
export function isWholeNumber(id: string): boolean {
  return /^[1-9]\d*$/.test(id);
}

/**
 * Whether the answer is about another row, because the server's ids are integers and it has read this id as one. Rails,
 * PHP and MySQL cast a text by the number that it begins with: `3f2c…` becomes 3, and `3e2c…` becomes 300 in MySQL and
 * PHP.
 */
export function isReadAs(id: string, answered: unknown): boolean {
  if (isWholeNumber(id) || !/^[1-9]\d*$/.test(String(answered))) return false;
  return [Number.parseInt(id, 10), Math.trunc(Number.parseFloat(id))].includes(Number(answered));
}
