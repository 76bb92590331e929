import { readFileSync, writeFileSync } from 'node:fs';

/** Puts a text between `<!-- bench:name -->` and `<!-- /bench:name -->` in a Markdown file, wherever these occur. */
export function writeBetween(file: URL, texts: Readonly<Record<string, string>>): void {
  const before = readFileSync(file, 'utf8');
  let after = before;
  for (const [name, text] of Object.entries(texts)) {
    const marks = new RegExp(`(<!-- bench:${name} -->\n)[^]*?(<!-- /bench:${name} -->)`, 'g');
    after = after.replace(marks, (_, start: string, end: string) => `${start}${text.trim()}\n${end}`);
  }
  if (after !== before) writeFileSync(file, after);
}
