export function changes(number: number): string {
  return `${number} ${number === 1 ? 'change' : 'changes'}`;
}
