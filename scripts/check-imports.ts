// Checks that imports between the rooms of src/ go downwards, without circles. Imports of types count too. Another folder
// can be given as the argument.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

/**
 * The rooms, lowest first, as in docs/decisions/0020-rooms.md. Each may import from the rows before its own; rooms in one
 * row don't import each other.
 */
export const ROOMS: readonly (readonly string[])[] = [
  ['check-options.ts'],
  ['error'],
  ['time'],
  ['database'],
  ['queue'],
  ['transport'],
  ['auth'],
  ['status'],
  ['contract'],
  ['combine'],
  ['rejections'],
  ['options.ts'],
  ['upload'],
  ['owners'],
  ['backend-connector.ts'],
  ['codes', 'transforms'],
  ['http'],
  ['graphql', 'connect', 'supabase', 'diagnostics'],
  ['presets'],
  ['index.ts'],
  ['testing'],
  ['verify'],
  ['cli'],
  ['server'],
];

/** The server half reaches nothing of the client, and the client nothing of it. */
const APART: readonly string[] = ['server'];

const SOURCE = /\.[cm]?[jt]sx?$/;
const OWN_NAME = /^powersync-backend-connector(\/|$)/;

/** Checks the files of a folder. Their names in the problems begin with `src/`, whatever the folder is called. */
export function checkImports(root: string): { readonly files: number; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const all = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  const exists = new Set(all);

  /** The file that a specifier names; undefined for a package, or if there is a problem with it. */
  function targetOf(file: string, specifier: string): string | undefined {
    if (OWN_NAME.test(specifier)) {
      problems.push(`src/${file} imports "${specifier}": give the path of the file instead`);
      return undefined;
    }
    if (!/^[./#]|^file:/.test(specifier)) return undefined;
    const target = normalize(join(dirname(file), specifier));
    if (!specifier.startsWith('.') || target.startsWith('..')) {
      problems.push(`src/${file} imports "${specifier}", which is not in src`);
      return undefined;
    }
    if (SOURCE.test(target) && exists.has(target)) return target;
    problems.push(`src/${file} imports src/${target}, which does not exist`);
    return undefined;
  }

  const imports = new Map<string, readonly string[]>();
  for (const file of all.filter((each) => SOURCE.test(each))) {
    const { specifiers, unknown } = readImports(file, readFileSync(join(root, file), 'utf8'));
    for (const text of unknown)
      problems.push(`src/${file} imports something that is known only at run time: ${text}`);
    imports.set(
      file,
      specifiers.flatMap((specifier) => targetOf(file, specifier) ?? []),
    );
  }

  for (const [file, targets] of imports) {
    if (heightOf(file) < 0) problems.push(`src/${file} is in no room that scripts/check-imports.ts knows`);
    for (const target of targets) {
      if (roomOf(target) === roomOf(file)) continue;
      const apart = APART.find((room) => room === roomOf(file) || room === roomOf(target));
      if (apart) problems.push(`src/${file} imports src/${target}, but ${apart} stands alone`);
      else if (heightOf(target) >= heightOf(file))
        problems.push(`src/${file} imports upwards: src/${target}`);
    }
  }

  const done = new Set<string>();
  function visit(file: string, path: readonly string[]): void {
    const at = path.indexOf(file);
    if (at >= 0)
      problems.push(`circle: ${[...path.slice(at), file].map((each) => `src/${each}`).join(' → ')}`);
    if (at >= 0 || done.has(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  }
  for (const file of imports.keys()) visit(file, []);

  return { files: imports.size, problems };
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? '';
}

function heightOf(file: string): number {
  return ROOMS.findIndex((row) => row.includes(roomOf(file)));
}

/** What a file imports, in every form that TypeScript knows. `unknown`: imports whose target is not a plain text. */
function readImports(name: string, text: string): { specifiers: string[]; unknown: string[] } {
  const specifiers: string[] = [];
  const unknown: string[] = [];
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const add = (target: ts.Node | undefined, whole: ts.Node): void => {
    if (target && ts.isStringLiteralLike(target)) specifiers.push(target.text);
    else unknown.push(whole.getText(source));
  };
  function read(node: ts.Node): void {
    if (ts.isImportDeclaration(node) || ts.isJSDocImportTag(node)) add(node.moduleSpecifier, node);
    else if (ts.isExportDeclaration(node)) node.moduleSpecifier && add(node.moduleSpecifier, node);
    else if (ts.isExternalModuleReference(node)) add(node.expression, node);
    else if (ts.isImportTypeNode(node))
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, node);
    else if (ts.isModuleDeclaration(node)) ts.isStringLiteral(node.name) && add(node.name, node);
    else if (ts.isCallExpression(node) && loadsModule(node.expression)) add(node.arguments[0], node);
    else if (ts.isNewExpression(node) && isBesideThisFile(node)) add(node.arguments?.[0], node);
    node.getChildren(source).forEach(read); // and not forEachChild(), which leaves doc comments out
  }
  read(source);
  for (const { fileName } of source.referencedFiles) specifiers.push(fileName);
  return { specifiers, unknown };
}

/** `import(…)`, `require(…)`, `module.require(…)`, `require.resolve(…)`, `import.meta.resolve(…)`. */
function loadsModule(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (!ts.isPropertyAccessExpression(callee)) return isRequire(callee);
  const { expression, name } = callee;
  return (
    name.text === 'require' ||
    (name.text === 'resolve' && (isRequire(expression) || isImportMeta(expression)))
  );
}

/** `new URL(…, import.meta.url)` */
function isBesideThisFile({ arguments: given = [] as never }: ts.NewExpression): boolean {
  const base = given[1];
  return !!base && ts.isPropertyAccessExpression(base) && isImportMeta(base.expression);
}

function isRequire(node: ts.Expression): boolean {
  return ts.isIdentifier(node) && node.text === 'require';
}

function isImportMeta(node: ts.Expression): boolean {
  return ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword;
}

if (import.meta.main) {
  const { files, problems } = checkImports(process.argv[2] ?? join(dirname(import.meta.dirname), 'src'));
  if (problems.length > 0) {
    console.error(problems.join('\n'));
    process.exitCode = 1;
  } else {
    console.log(`${files} files in ${ROOMS.flat().length} rooms: imports go downwards, without circles.`);
  }
}
