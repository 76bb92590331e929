import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const docs = join(import.meta.dirname, '../../docs');

/** The text of a page of the docs. */
export function page(path: string): string {
  return readFileSync(join(docs, path), 'utf8');
}

/** What stands under a heading of the second level, up to the next one. */
export function section(text: string, heading: string): string {
  const found = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`no heading "${heading}"`);
  return found;
}

/** The contents of code fences in a language. */
export function fences(text: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm');
  return [...text.matchAll(fence)].map(([, code = '']) => code);
}

/** The cells of all table rows of a text, without the lines that only rule. */
export function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => /^\|(?! *-)/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}
