interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly quasis?: readonly { readonly value: { readonly raw: string } }[];
  readonly callee?: Node;
  readonly object?: Node;
  readonly name?: string;
}

interface Path {
  readonly node: Node;
  readonly parentPath: Path | null;
  readonly listKey?: string;
}

/** Stryker's plugin: leaves alone what an error or a warning says to people. Codes, SQL and names are mutated. */
export const strykerPlugins = [{ kind: 'Ignore', name: 'error-texts', value: { shouldIgnore } }];

function shouldIgnore(path: Path): string | undefined {
  return isProse(path.node) && isSaid(path) ? 'The text of an error or a warning' : undefined;
}

function isProse({ type, value, quasis = [] }: Node): boolean {
  if (type === 'StringLiteral') return / /.test(String(value));
  return type === 'TemplateLiteral' && quasis.some((part) => / /.test(part.value.raw));
}

/** Whether it is an argument of `new …Error()`, `wrong()` or `console.…()`, perhaps joined with others. */
function isSaid(path: Path): boolean {
  let argument = path;
  while (argument.parentPath?.node.type === 'BinaryExpression') argument = argument.parentPath;
  const call = argument.parentPath?.node;
  if (argument.listKey !== 'arguments' || !call?.callee) return false;
  const { name = '', object } = call.callee;
  return call.type === 'NewExpression'
    ? name.endsWith('Error')
    : name === 'wrong' || object?.name === 'console';
}
